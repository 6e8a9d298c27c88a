/** Times, sizes and durations as people read them. */

/** Seconds as `1 h 02 min`, `3 min 20 s` or `1.5 s`. */
export function duration(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined) {
    return '';
  }
  if (seconds < 9.95) {
    return `${seconds.toFixed(1)} s`;
  }
  const whole = Math.round(seconds);
  if (whole < 60) {
    return `${whole} s`;
  }
  if (whole < 3600) {
    return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, '0')} s`;
  }
  const minutes = Math.floor(whole / 60);
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`;
}

/** Seconds as a clock that runs: `0:42`, `12:05`, `1:02:03`. */
export function clock(seconds: number): string {
  const whole = Math.max(Math.round(seconds), 0);
  const two = (value: number) => String(value).padStart(2, '0');
  const hours = Math.floor(whole / 3600);
  const rest = `${Math.floor(whole / 60) % 60}:${two(whole % 60)}`;
  return hours > 0 ? `${hours}:${rest.padStart(5, '0')}` : rest;
}

/** Bytes as `12 B`, `3.4 kB`, `5.6 MB`. */
export function size(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= (unit === 0 ? 1000 : 999.5) && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const whole = unit === 0 || value >= 99.95;
  return `${whole ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

/** A moment in UTC as `2026-11-22 05:30:12`. */
export function utc(moment: string | null): string {
  return moment ? moment.slice(0, 19).replace('T', ' ') : '';
}

/** The same moment where the reader is. */
export function local(moment: string | null): string {
  return moment ? new Date(moment).toLocaleString() : '';
}
