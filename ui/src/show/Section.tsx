import type { ReactNode } from 'react';

/** Section is a titled panel of a page. */
export function Section({
  title,
  count,
  aside,
  children,
}: {
  title: string;
  count?: number;
  aside?: ReactNode;
  children: ReactNode;
}) {
  return (
    <section className="section">
      <div className="sectionHead">
        <h2>{title}</h2>
        {count !== undefined && count > 0 && <span className="sectionCount">{count.toLocaleString()}</span>}
        {aside && <div className="sectionAside">{aside}</div>}
      </div>
      {children}
    </section>
  );
}
