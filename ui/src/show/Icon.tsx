// The few pictures that the app needs, drawn here: a library of them would be the
// largest part of the first load.
const paths = {
  tower: 'M4 9 12 4l8 5zM6 11h12M7 11l-2 9h14l-2-9M10 20v-5h4v5',
  queue: 'M4 6h16M4 12h16M4 18h9',
  alerts: 'M12 4a5 5 0 0 0-5 5v4l-2 3h14l-2-3V9a5 5 0 0 0-5-5zM10 19a2 2 0 0 0 4 0',
  intake: 'M12 4v10m0 0 4-4m-4 4-4-4M4 15v4h16v-4',
  search: 'M11 5a6 6 0 1 0 0 12 6 6 0 0 0 0-12zm4.5 10.5L20 20',
  warning: 'M12 5 3.5 19h17zM12 10v4m0 2.5v.5',
  copy: 'M9 9h10v11H9zM15 9V4H5v11h4',
  link: 'M14 4h6v6m0-6-9 9M18 14v6H4V6h6',
  close: 'M6 6l12 12M18 6 6 18',
  sun: 'M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 2v2m0 16v2M2 12h2m16 0h2M5 5l1.5 1.5m11 11L19 19M5 19l1.5-1.5m11-11L19 5',
  moon: 'M20 14a8 8 0 1 1-9-11 7 7 0 0 0 9 11z',
  system: 'M4 5h16v11H4zM9 20h6m-3-4v4',
  language: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM3 12h18M12 3c-5 5-5 13 0 18 5-5 5-13 0-18',
  keys: 'M3 6h18v12H3zM7 10h.5m3.5 0h.5m4 0h.5M7 14h10',
  menu: 'M4 7h16M4 12h16M4 17h16',
  back: 'M19 12H5m0 0 6-6m-6 6 6 6',
  out: 'M10 4H5v16h5M9 12h11m0 0-4-4m4 4-4 4',
  plus: 'M12 5v14M5 12h14',
  check: 'M5 12.5 10 17l9-10',
} as const;

export type IconName = keyof typeof paths;

export function Icon({ name, size = 18 }: { name: IconName; size?: number }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.7"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden
      focusable="false"
    >
      <path d={paths[name]} />
    </svg>
  );
}
