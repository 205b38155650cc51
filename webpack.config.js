import { resolve } from 'node:path';
import { EsbuildPlugin } from 'esbuild-loader';
import webpack from 'webpack';

const root = import.meta.dirname;

/**
 * The bundles are CommonJS in a package of type "module", hence their names end in .cjs. What
 * modules ask of `import.meta.url` is answered with the place of the bundle, where it runs.
 */
const MODULE_URL = '__foretokenModuleUrl';
const MODULE_URL_LINE = `const ${MODULE_URL} = require('node:url').pathToFileURL(__filename).href;`;
const SHEBANG = '#!/usr/bin/env node';

/** One bundle configuration: `entries` by the name of the file they become. */
function bundle(name, entries, { mode, folder = 'dist', library = undefined, externals = {} }) {
  const production = mode === 'production';
  return {
    name,
    mode,
    target: 'node20',
    devtool: production ? false : 'source-map',
    entry: entries,
    output: {
      path: resolve(root, folder),
      filename: '[name].cjs',
      ...(library ? { library: { type: library } } : {}),
      devtoolModuleFilenameTemplate: '../[resource-path]',
    },
    node: { __filename: false, __dirname: false },
    resolve: { extensions: ['.ts', '.js'] },
    externals: {
      vscode: 'commonjs vscode',
      'node-llama-cpp': 'import node-llama-cpp',
      ...externals,
    },
    module: {
      // createRequire stays Node's own: the addon's path is known at run time alone.
      parser: { javascript: { createRequire: false, dynamicImportMode: 'eager' } },
      rules: [
        {
          test: /\.ts$/,
          loader: 'esbuild-loader',
          options: { target: 'node20', define: { 'import.meta.url': MODULE_URL } },
        },
      ],
    },
    plugins: [
      new webpack.BannerPlugin({
        raw: true,
        entryOnly: true,
        banner: ({ chunk }) =>
          chunk.name === 'cli' ? `${SHEBANG}\n${MODULE_URL_LINE}` : MODULE_URL_LINE,
      }),
    ],
    optimization: {
      minimize: production,
      minimizer: [new EsbuildPlugin({ target: 'node20', legalComments: 'none' })],
    },
    performance: { hints: false },
  };
}

/** Pages inside the editor: each a single script for a browser. */
function webviewBundle(entries, { mode }) {
  const target = 'chrome120';
  return {
    name: 'webview',
    mode,
    target: 'web',
    devtool: false,
    entry: entries,
    output: { path: resolve(root, 'dist', 'webview'), filename: '[name].js' },
    resolve: { extensions: ['.ts', '.js'] },
    module: { rules: [{ test: /\.ts$/, loader: 'esbuild-loader', options: { target } }] },
    optimization: {
      minimize: mode === 'production',
      minimizer: [new EsbuildPlugin({ target, legalComments: 'inline' })],
    },
    performance: { hints: false },
  };
}

/** `--env host` builds what runs inside the extension host, tests and benchmark, and nothing else. */
export default (env, { mode = 'development' }) => {
  if (env.host) {
    const externals = { mocha: 'commonjs mocha' };
    return bundle(
      'host-tests',
      { index: './test/host/suite/index.ts', bench: './bench/editor/suite.ts' },
      { mode, folder: 'dist-test/host', library: 'commonjs2', externals },
    );
  }
  return [
    bundle('extension', { extension: './extension/main.ts' }, { mode, library: 'commonjs2' }),
    bundle(
      'engine',
      {
        engine: './engine/main.ts',
        cli: './engine/cli/main.ts',
        'download-worker': './engine/models/download-worker.ts',
      },
      { mode },
    ),
    webviewBundle({ benchmark: './webview/benchmark/main.ts' }, { mode }),
  ];
};
