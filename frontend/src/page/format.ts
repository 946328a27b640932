/** Values as text. Pure; the language is English, times are local. */

const integer = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });
const decimal = new Intl.NumberFormat('en-US', { maximumSignificantDigits: 3 });

export function formatCount(value: number | bigint): string {
  return integer.format(value);
}

const BYTE_UNITS = ['bytes', 'KB', 'MB', 'GB', 'TB', 'PB'];

/** In powers of a thousand, to three digits: "1.23 MB". */
export function formatBytes(value: number | bigint): string {
  let amount = Number(value);
  let unit = 0;
  while (amount >= 999.5 && unit < BYTE_UNITS.length - 1) {
    amount /= 1000;
    unit += 1;
  }
  if (unit === 0) return amount === 1 ? '1 byte' : `${integer.format(amount)} bytes`;
  return `${decimal.format(amount)} ${BYTE_UNITS[unit]}`;
}

/** A part of a whole: "0%", "<0.01%", "12.3%". Only the whole is "100%". */
export function formatShare(part: number, whole: number): string {
  const percent = (100 * part) / whole;
  if (part === 0) return '0%';
  if (percent < 0.01) return '<0.01%';
  if (percent >= 99.95 && part < whole) return '>99.9%';
  return `${decimal.format(percent)}%`;
}

const two = (value: number): string => String(value).padStart(2, '0');

/** Unix seconds as "2026-11-24 21:04:29", in the device's time zone. */
export function formatTime(seconds: number): string {
  const time = new Date(seconds * 1000);
  return `${formatDate(time)} ${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`;
}

function formatDate(time: Date): string {
  return `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
}

const DURATIONS: readonly (readonly [seconds: number, name: string])[] = [
  [86_400, 'day'],
  [3600, 'hour'],
  [60, 'minute'],
  [1, 'second'],
];

/** In its largest unit, rounded down: "3 days", "1 minute", "0 seconds". */
export function formatDuration(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const [unit, name] = DURATIONS.find(([length]) => whole >= length) ?? [1, 'second'];
  const amount = Math.floor(whole / unit);
  return `${integer.format(amount)} ${name}${amount === 1 ? '' : 's'}`;
}

/** The value of an `<input type="datetime-local" step="1">`, local, from unix seconds. */
export function toTimeField(seconds: number): string {
  return formatTime(seconds).replace(' ', 'T');
}

/** Unix seconds from such a value, or undefined. */
export function fromTimeField(value: string): number | undefined {
  const time = new Date(value).getTime();
  return Number.isNaN(time) ? undefined : Math.floor(time / 1000);
}

export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Hex digits in pairs. Blanks and a leading "0x" are ignored. undefined: there are other characters. */
export function fromHex(text: string): Uint8Array | undefined {
  const digits = text.replace(/\s/g, '').replace(/^0x/i, '');
  if (digits.length % 2 !== 0 || !/^[0-9a-f]*$/i.test(digits)) return undefined;
  return Uint8Array.from({ length: digits.length / 2 }, (_, at) =>
    Number.parseInt(digits.slice(2 * at, 2 * at + 2), 16),
  );
}

/** Bytes in a short recognisable form: text if they are printable ASCII, else hex, shortened in the middle. */
export function shortBytes(bytes: Uint8Array, digits = 16): string {
  const text = bytes.length > 0 && bytes.every((byte) => byte >= 0x21 && byte < 0x7f);
  const all = text ? String.fromCharCode(...bytes) : toHex(bytes);
  if (all.length <= digits + 1) return all;
  return `${all.slice(0, digits / 2)}…${all.slice(-digits / 2)}`;
}

/** A natural number within u32, or undefined. */
export function parseU32(text: string): number | undefined {
  const digits = text.trim().replace(/[,_]/g, '');
  if (!/^\d{1,10}$/.test(digits)) return undefined;
  const value = Number(digits);
  return value <= 0xffff_ffff ? value : undefined;
}

/** The range of an axis of unix seconds: from the first to the last, or a minute around them if they are equal. */
export function timeSpan(first: number, last: number): [number, number] {
  return last > first ? [first, last] : [first - 30, last + 30];
}
