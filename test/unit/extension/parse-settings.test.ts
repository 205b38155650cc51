import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { MOST_TEMPERATURE } from '../../../engine/core/decode/sampling.ts';
import {
  DEBOUNCE_MAX_MS,
  GPU_SETTINGS,
  INTEGER_SETTINGS,
  MODE_SETTINGS,
  parseDocumentSettings,
  parseSettings,
} from '../../../extension/parse-settings.ts';

interface Property {
  readonly default: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly enum?: readonly string[];
  readonly anyOf?: readonly Property[];
}

interface Manifest {
  readonly contributes: {
    readonly configuration: readonly { readonly properties: Record<string, Property> }[];
  };
}

function manifestProperties(): Record<string, Property> {
  const file = new URL('../../../package.json', import.meta.url);
  const { contributes } = JSON.parse(readFileSync(file, 'utf8')) as Manifest;
  const sections = contributes.configuration.flatMap(({ properties }) =>
    Object.entries(properties),
  );
  return Object.fromEntries(
    sections.map(([name, value]) => [name.replace('foretoken.', ''), value]),
  );
}

function parse(values: Record<string, unknown>): ReturnType<typeof parseSettings> {
  return parseSettings((name) => values[name]);
}

describe('settings', () => {
  const manifest = manifestProperties();

  it('of the manifest, as they come, are what no settings give, and no problem', () => {
    const defaults = parseSettings((name) => manifest[name]?.default);
    assert.deepEqual(defaults.problems, []);
    assert.deepEqual({ ...defaults.settings, exclude: [] }, parse({}).settings);
    const forDocument = parseDocumentSettings((name) => manifest[name]?.default);
    assert.deepEqual(forDocument, { enabled: true, multiline: true });
  });

  it('have the same limits in the manifest and in the code', () => {
    for (const [name, { min, max, fallback }] of Object.entries(INTEGER_SETTINGS)) {
      const { minimum, maximum, default: usual } = manifest[name]!;
      assert.deepEqual([minimum, maximum, usual], [min, max, fallback], name);
    }
    assert.deepEqual(manifest['gpu']?.enum, [...GPU_SETTINGS]);
    assert.deepEqual(manifest['mode']?.enum, [...MODE_SETTINGS]);
    assert.equal(manifest['debounce']?.anyOf?.[1]?.maximum, DEBOUNCE_MAX_MS);
  });

  it('read nothing that the manifest does not know', () => {
    const read = new Set<string>();
    parseSettings((name) => void read.add(name));
    parseDocumentSettings((name) => void read.add(name));
    assert.deepEqual([...read].sort(), Object.keys(manifest).sort());
  });

  const replaced: readonly [name: string, value: unknown, used: (s: Parsed) => unknown, unknown][] =
    [
      ['maxTokens', 0, (s) => s.maxTokens, 1],
      ['maxTokens', 1e9, (s) => s.maxTokens, 1024],
      ['maxTokens', 12.4, (s) => s.maxTokens, 12],
      ['maxTokens', '12', (s) => s.maxTokens, 96],
      ['maxTokens', NaN, (s) => s.maxTokens, 96],
      ['threads', -1, (s) => s.engine.threads, null],
      ['contextLength', 1, (s) => s.engine.contextLength, 512],
      ['debounce', 'never', (s) => s.debounceMs, 'auto'],
      ['debounce', 99999, (s) => s.debounceMs, 2000],
      ['gpu', 'quantum', (s) => s.engine.gpu, 'auto'],
      ['mode', 7, (s) => s.mode, 'auto'],
      ['tree.nodeBudget', 0, (s) => s.tree.nodeBudget, 1],
      ['tree.depth', 99, (s) => s.tree.depth, 16],
      ['tree.promptTokens', 'all', (s) => s.tree.promptTokens, 3],
      ['tree.topK', -4, (s) => s.tree.topK, 1],
      ['tree.adaptive', 1, (s) => s.tree.adaptive, true],
      ['tree.ngram', 'no', (s) => s.tree.ngram, true],
      ['tree.draft', {}, (s) => s.tree.draft, false],
      ['model', {}, (s) => s.engine.model, null],
      ['exclude', ['**/.env'], (s) => s.exclude, []],
      ['automatic', 'yes', (s) => s.automatic, true],
    ];
  type Parsed = ReturnType<typeof parseSettings>['settings'];

  for (const [name, value, used, expected] of replaced) {
    it(`${name}: ${JSON.stringify(value)} is replaced by ${JSON.stringify(expected)} and told`, () => {
      const { settings, problems } = parse({ [name]: value });
      assert.deepEqual(used(settings), expected);
      assert.equal(problems.length, 1);
      assert.ok(problems[0]?.startsWith(`foretoken.${name}: `), problems[0]);
    });
  }

  it('take a temperature between its limits', () => {
    const temperatureOf = (temperature: unknown) => {
      const { settings, problems } = parse({ temperature });
      return [settings.sampling.temperature, problems.length];
    };
    const { minimum, maximum } = manifest['temperature']!;
    assert.deepEqual([minimum, maximum], [0, MOST_TEMPERATURE]);
    assert.deepEqual(temperatureOf(0.7), [0.7, 0]);
    assert.deepEqual(temperatureOf(9), [MOST_TEMPERATURE, 1]);
    assert.deepEqual(temperatureOf(-1), [0, 1]);
    assert.deepEqual(temperatureOf('hot'), [0, 1]);
  });

  it('zero stands for no limit, and for the choice of the engine', () => {
    const { settings, problems } = parse({
      deadlineMs: 0,
      latencyBudgetMs: 0,
      threads: 0,
      debounce: 0,
    });
    const { deadlineMs, latencyBudgetMs, engine } = settings;
    assert.deepEqual([deadlineMs, latencyBudgetMs, engine.threads], [null, null, null]);
    assert.equal(settings.debounceMs, 0);
    assert.deepEqual(problems, []);
  });

  it('exclude the patterns that are on', () => {
    const { settings } = parse({ exclude: { '**/.env': true, '**/*.pem': false } });
    assert.deepEqual(settings.exclude, ['**/.env']);
  });

  it('find a model in the home folder', () => {
    assert.match(parse({ model: '~/m.gguf' }).settings.engine.model ?? '', /^[^~].*m\.gguf$/);
    assert.equal(parse({ model: '  ' }).settings.engine.model, null);
  });

  it('tell the draft model of the model from none and from one that is named', () => {
    const draft = (draftModel: string) => parse({ draftModel }).settings.engine.draft;
    assert.equal(draft(' '), 'auto');
    assert.equal(draft('none'), null);
    assert.equal(draft('qwen2.5-coder-0.5b'), 'qwen2.5-coder-0.5b');
    assert.match(draft('~/d.gguf') ?? '', /^[^~].*d\.gguf$/);
  });
});
