import type { Metadata, Viewport } from 'next';
import type { ReactNode } from 'react';
import { LiveProvider } from '../live/live-context.tsx';
import { TopBar } from '../ui/top-bar.tsx';
import './globals.css';

export const metadata: Metadata = {
  title: { default: 'Rankscope', template: '%s · Rankscope' },
  description: 'Which rank is not there, and since when.',
};

export const viewport: Viewport = { width: 'device-width', initialScale: 1, colorScheme: 'light dark' };

export default function RootLayout({ children }: { readonly children: ReactNode }) {
  return (
    // theme.js may have put the chosen theme on the element before React sees it.
    <html lang="en" suppressHydrationWarning>
      <head>
        <script src="/theme.js" />
      </head>
      <body>
        <LiveProvider>
          <TopBar />
          {children}
        </LiveProvider>
      </body>
    </html>
  );
}
