import eslint from '@eslint/js';
import prettier from 'eslint-config-prettier';
import tseslint from 'typescript-eslint';

/** Import boundaries: see the code map in docs/ARCHITECTURE.md. */
const forbid = (files, patterns) => ({
  files,
  rules: { 'no-restricted-imports': ['error', { patterns }] },
});

const vscodeApi = {
  regex: '^vscode$',
  message: 'Only extension/ (and its host tests) may import the editor API.',
};

export default tseslint.config(
  {
    ignores: [
      'dist/',
      'dist-test/',
      'native/build/',
      'node_modules/',
      'test-output/',
      '.cache/',
      'training/',
      'test/fixtures/',
    ],
  },
  eslint.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/consistent-type-imports': 'error',
      eqeqeq: 'error',
    },
  },
  {
    // node:test style arrow bodies and mocha's chained expressions read better without these.
    files: ['test/**/*.ts', 'bench/**/*.ts'],
    rules: { '@typescript-eslint/no-non-null-assertion': 'off' },
  },
  {
    files: ['**/*.{js,mjs}'],
    languageOptions: {
      globals: {
        process: 'readonly',
        console: 'readonly',
        URL: 'readonly',
        setTimeout: 'readonly',
      },
    },
  },
  forbid(
    ['engine/core/**/*.ts'],
    [
      { regex: '^node:', message: 'engine/core is pure: no I/O.' },
      {
        regex: '^(?!\\.{1,2}/|lru-cache$)',
        message: 'engine/core imports only itself (and lru-cache).',
      },
      {
        regex: '^(\\.\\./)+(native|client|cli|[a-z-]+\\.ts)',
        message: 'engine/core imports only itself.',
      },
    ],
  ),
  forbid(
    ['engine/**/*.ts'],
    [vscodeApi, { regex: '/extension/', message: 'The engine does not know the extension.' }],
  ),
  forbid(
    ['extension/**/*.ts'],
    [
      {
        regex: '/engine/(?!core/|client/|protocol\\.ts)',
        message: 'The extension talks to the engine through engine/protocol.ts and engine/client/.',
      },
      { regex: '^node-llama-cpp', message: 'Native code stays in the engine process.' },
    ],
  ),
  forbid(
    ['webview/**/*.ts'],
    [
      vscodeApi,
      {
        regex: '^(?!\\.{1,2}/|chart\\.js(/helpers)?$)',
        message: 'A page runs in a browser: its own files and chart.js.',
      },
      {
        regex: '/(engine|extension/(?!benchmark/(view|messages)\\.ts))',
        message: 'A page knows views and messages, nothing else of the extension.',
      },
    ],
  ),
  forbid(['test/{unit,native,engine}/**/*.ts', 'bench/{*,lib/*}.ts'], [vscodeApi]),
  prettier,
);
