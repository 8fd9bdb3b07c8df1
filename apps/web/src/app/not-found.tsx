import Link from 'next/link';

export default function NotFound() {
  return (
    <main className="px-3 py-16 text-center">
      <h1 className="type-title">There is no such page.</h1>
      <p className="mt-2 text-ink2">
        The ranks are on the{' '}
        <Link href="/timeline" className="text-accent underline">
          timeline
        </Link>
        .
      </p>
    </main>
  );
}
