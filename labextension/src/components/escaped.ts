/** Texts within HTML that we write. Pure. */

/** A text as it may stand in HTML, also within an attribute. */
export function escaped(text: string | number): string {
  const names: Record<string, string> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;'
  };
  return String(text).replace(/[&<>"']/g, one => names[one]);
}
