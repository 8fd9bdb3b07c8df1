// Loaded before the first paint, so that a chosen theme never flashes the other one.
try {
  const chosen = localStorage.getItem('rankscope.theme');
  if (chosen === 'dark' || chosen === 'light') document.documentElement.dataset.theme = chosen;
} catch {
  // Storage is refused: the system's theme it is.
}
