import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';

/** AlertLink is an alert's title in a list. The list has the focus, not its links,
 * but the pointer may open one in a new tab. */
export function AlertLink({ id, children }: { id: string; children: ReactNode }) {
  return (
    <Link to="/alerts/$id" params={{ id }} className="lineLink" tabIndex={-1}>
      {children}
    </Link>
  );
}
