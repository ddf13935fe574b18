/** placeOf returns the address of what an id names, or nothing for other text. */
export function placeOf(text: string): string | undefined {
  const id = text.trim().toUpperCase();
  if (!/^[AGTD]-[0-9A-Z-]+$/.test(id)) return undefined;
  const folder = { A: '/alerts', G: '/groups', T: '/tickets', D: '/intake/deliveries' }[id.charAt(0) as 'A'];
  return `${folder}/${id}`;
}
