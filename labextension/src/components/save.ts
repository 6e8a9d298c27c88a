/** Saving what a document shows as a file of the reader's. */

/** Let the browser save a text under a name. */
export function save(text: string, name: string, media: string): void {
  saveBlob(new Blob([text], { type: `${media};charset=utf-8` }), name);
}

/** Let the browser save bytes under a name. */
export function saveBlob(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  window.setTimeout(() => URL.revokeObjectURL(url), 10000);
}
