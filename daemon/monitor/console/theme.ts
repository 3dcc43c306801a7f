/** Dark or light: as the system wants it, or as was chosen here. */
const KEY = 'sspd theme';
const DARK = '(prefers-color-scheme: dark)';

/** A browser may keep nothing for the page. */
function kept(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}

function apply(theme: string | null): void {
  if (theme === 'dark' || theme === 'light') document.documentElement.dataset['theme'] = theme;
}

export const initialTheme = (): void => apply(kept());

export function switchTheme(): void {
  const now = document.documentElement.dataset['theme'] ?? (matchMedia(DARK).matches ? 'dark' : 'light');
  const next = now === 'dark' ? 'light' : 'dark';
  apply(next);
  try {
    localStorage.setItem(KEY, next);
  } catch {
    // It holds until the page is loaded again.
  }
}
