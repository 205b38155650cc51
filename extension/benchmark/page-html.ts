/** What the page is made of, as the webview may load it. */
export interface PageParts {
  readonly script: string;
  readonly style: string;
  /** Where scripts and styles come from, in the words of a content security policy. */
  readonly source: string;
  readonly nonce: string;
  readonly language: string;
}

/**
 * The page without any data: that comes by message. Nothing is allowed but our own script, by its
 * nonce, and our own style sheet.
 */
export function pageHtml({ script, style, source, nonce, language }: PageParts): string {
  const policy = `default-src 'none'; script-src 'nonce-${nonce}'; style-src ${source};`;
  return `<!DOCTYPE html>
<html lang="${language}">
  <head>
    <meta charset="UTF-8">
    <meta http-equiv="Content-Security-Policy" content="${policy}">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <link rel="stylesheet" href="${style}">
    <title>Foretoken Benchmark</title>
  </head>
  <body>
    <main id="page" aria-busy="true"></main>
    <script nonce="${nonce}" src="${script}"></script>
  </body>
</html>`;
}
