/** The editor's colours, resolved: a canvas knows no CSS variables. */
export interface Theme {
  readonly foreground: string;
  readonly muted: string;
  readonly grid: string;
  readonly background: string;
  readonly series: readonly string[];
  readonly highContrast: boolean;
  readonly font: string;
  readonly animate: boolean;
}

const SERIES = ['blue', 'orange', 'green', 'purple', 'red', 'yellow'];

export function readTheme(): Theme {
  const style = getComputedStyle(document.body);
  const colour = (name: string, fallback: string): string =>
    style.getPropertyValue(`--vscode-${name}`).trim() || fallback;
  const foreground = colour('foreground', style.color);
  const { classList } = document.body;
  const highContrast =
    classList.contains('vscode-high-contrast') || classList.contains('vscode-high-contrast-light');
  return {
    foreground,
    muted: highContrast ? foreground : colour('descriptionForeground', foreground),
    grid: highContrast ? colour('contrastBorder', foreground) : colour('charts-lines', foreground),
    background: colour('editor-background', 'transparent'),
    series: SERIES.map((name) => colour(`charts-${name}`, foreground)),
    highContrast,
    font: style.fontFamily,
    animate: !prefersLessMotion(),
  };
}

function prefersLessMotion(): boolean {
  return (
    document.body.classList.contains('vscode-reduce-motion') ||
    matchMedia('(prefers-reduced-motion: reduce)').matches
  );
}

/** The editor says by the body's class and the root's style that its theme has changed. */
export function onThemeChange(listener: () => void): void {
  const observer = new MutationObserver(listener);
  observer.observe(document.body, { attributes: true, attributeFilter: ['class'] });
  observer.observe(document.documentElement, { attributes: true, attributeFilter: ['style'] });
}
