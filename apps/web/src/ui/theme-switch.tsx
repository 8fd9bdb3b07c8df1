'use client';
import { useEffect, useState } from 'react';

const themes = ['system', 'light', 'dark'] as const;
type Theme = (typeof themes)[number];
const names: Record<Theme, string> = { system: 'System theme', light: 'Light theme', dark: 'Dark theme' };
const icons: Record<Theme, string> = {
  system: 'M8 1.500a6.500 6.500 0 1 0 0 13zM8 1.500a6.500 6.500 0 0 1 0 13',
  light:
    'M8 4.500a3.500 3.500 0 1 0 0 7 3.500 3.500 0 0 0 0-7M8 .5v2M8 13.500v2M.5 8h2M13.500 8h2M2.700 2.700l1.400 1.400M11.900 11.900l1.400 1.400M2.700 13.300l1.400-1.400M11.900 4.100l1.400-1.400',
  dark: 'M13.500 9.800A6 6 0 0 1 6.200 2.500a6 6 0 1 0 7.300 7.300z',
};

function stored(): Theme {
  const chosen = document.documentElement.dataset.theme;
  return chosen === 'dark' || chosen === 'light' ? chosen : 'system';
}

function choose(theme: Theme): void {
  if (theme === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  try {
    if (theme === 'system') localStorage.removeItem('rankscope.theme');
    else localStorage.setItem('rankscope.theme', theme);
  } catch {
    // Storage is refused: the choice holds until the page is left.
  }
}

/** Goes round: as the system has it, light, dark. */
export function ThemeSwitch() {
  const [theme, setTheme] = useState<Theme>('system');
  useEffect(() => setTheme(stored()), []);
  const next = themes[(themes.indexOf(theme) + 1) % themes.length] ?? 'system';
  const turn = () => {
    choose(next);
    setTheme(next);
  };
  return (
    <button
      type="button"
      className="control w-8 justify-center border-transparent bg-transparent px-0"
      onClick={turn}
      aria-label={`${names[theme]}, change to ${names[next].toLowerCase()}`}
      title={names[theme]}
    >
      <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
        <path
          d={icons[theme]}
          fill={theme === 'light' ? 'none' : 'currentColor'}
          stroke="currentColor"
          strokeWidth="1.2"
          strokeLinecap="round"
        />
      </svg>
    </button>
  );
}
