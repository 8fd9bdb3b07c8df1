import Link from 'next/link';
import { ConnectionChip } from './connection-chip.tsx';
import { ThemeSwitch } from './theme-switch.tsx';

export function TopBar() {
  return (
    <header className="flex h-12 items-center gap-4 border-b border-weak bg-panel px-3 sm:gap-7">
      <Link href="/timeline" className="flex h-7 items-center gap-2.5 rounded type-title text-ink">
        <ProductMark />
        Rankscope
      </Link>
      <nav aria-label="Pages" className="flex h-full max-sm:hidden">
        <Link
          href="/timeline"
          aria-current="page"
          className="flex h-full items-center border-b-2 border-b-accent px-0.5 pt-0.5 text-ink"
        >
          Timeline
        </Link>
      </nav>
      <div className="ml-auto flex items-center gap-2">
        <ConnectionChip />
        <ThemeSwitch />
      </div>
    </header>
  );
}

/** Three lanes; the second stops. */
function ProductMark() {
  return (
    <svg viewBox="0 0 18 16" width="18" height="16" aria-hidden="true">
      <path fill="var(--text-1)" d="M0 0h18v4H0zM0 12h12v4H0z" />
      <path fill="var(--accent-text)" d="M0 6h7v4H0z" />
    </svg>
  );
}
