/** Announces a text to screen readers without moving the focus. */
import { signal } from '@preact/signals';

const announcement = signal('');

export function announce(text: string): void {
  announcement.value = text;
}

export function Announcer() {
  return (
    <div class="visually-hidden" role="status" aria-live="polite">
      {announcement}
    </div>
  );
}
