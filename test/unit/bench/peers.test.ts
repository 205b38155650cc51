import assert from 'node:assert/strict';
import type { CompletionTask, TextMeasurement } from '../../../bench/lib/contender.ts';
import { infillRequest, serverArguments } from '../../../bench/lib/peers/llama-server.ts';
import {
  forgetAnswers,
  order,
  takeTurns,
  warmUp,
  type Peer,
} from '../../../bench/lib/peers/rounds.ts';
import { summarise } from '../../../bench/lib/peers/summarise.ts';
import { peerTable } from '../../../bench/lib/peers/table.ts';

const task = (prefix: string, maxTokens = 16): CompletionTask => ({
  prefix,
  suffix: '',
  maxTokens,
  singleLine: true,
});

const answer = (more: Partial<TextMeasurement>): TextMeasurement => ({
  text: 'x',
  firstTokenMs: 2,
  totalMs: 10,
  tokens: 9,
  decodedTokens: 8,
  evaluatedTokens: 3,
  ...more,
});

/** Writes at most `length` tokens, and notes who was asked. */
function fakePeer(name: string, length: number, asked: string[] = []): Peer {
  return {
    name,
    reset: () => Promise.resolve(),
    complete: ({ prefix, maxTokens }) => {
      asked.push(`${name}:${prefix}`);
      return Promise.resolve(answer({ text: name, tokens: Math.min(length, maxTokens) }));
    },
    dispose: () => Promise.resolve(),
  };
}

describe('peers in one run', () => {
  it('follow each other in changing order', () => {
    const orders = [0, 1, 2, 3].map((turn) => order(['a', 'b', 'c'], turn).join(''));
    assert.deepEqual(orders, ['abc', 'acb', 'cab', 'cba']);
  });

  it('all answer a task before the next one comes, and are told apart', async () => {
    const asked: string[] = [];
    const peers = [fakePeer('a', 5, asked), fakePeer('b', 5, asked)];
    const turns = await takeTurns([task('1'), task('2')], peers);
    assert.deepEqual(asked, ['a:1', 'b:1', 'a:2', 'b:2']);
    assert.deepEqual(
      turns.map((turn) => turn.map(({ text }) => text)),
      [
        ['a', 'b'],
        ['a', 'b'],
      ],
    );
  });

  it('forget what they wrote, if they keep it', async () => {
    const forgot: string[] = [];
    const forget = () => Promise.resolve(void forgot.push('b'));
    await forgetAnswers([fakePeer('a', 5), { ...fakePeer('b', 5), forget }]);
    assert.deepEqual(forgot, ['b']);
  });

  it('are asked for as many tokens as the one with the shortest text writes', async () => {
    const limits = async (lengths: readonly number[]) => {
      const peers = lengths.map((length, index) => fakePeer(String(index), length));
      const tasks = await warmUp([task('1'), task('2', 4)], peers);
      return tasks.map(({ maxTokens }) => maxTokens);
    };
    assert.deepEqual(await limits([9, 5, 30]), [5, 4]);
    assert.deepEqual(await limits([9, 0]), [1, 1]);
  });
});

describe('summary of peers', () => {
  const names = [
    { name: 'ours', plain: 'ours', ours: true },
    { name: 'theirs', plain: 'theirs', ours: false },
    { name: 'theirs fast', plain: 'theirs', ours: false },
  ];
  const turns = [
    [answer({}), answer({ totalMs: 20, text: 'x\n' }), answer({ totalMs: 5, text: 'x' })],
    [answer({}), answer({ totalMs: 40, text: 'y' }), answer({ totalMs: 5, text: 'y' })],
  ];
  const summary = summarise(names, turns);

  it('divides their time by ours', () => {
    assert.deepEqual(Object.keys(summary.speedup), ['ours']);
    assert.equal(summary.speedup['ours']?.['theirs']?.total?.ratio, 3);
    assert.equal(summary.speedup['ours']['theirs fast']?.total?.ratio, 0.5);
    assert.equal(summary.speedup['ours']['theirs'].firstToken?.ratio, 1);
  });

  it('says where texts are the same, but for white space at their end', () => {
    assert.equal(summary.peers['theirs']?.sameTextAsReference, 0.5);
    assert.equal(summary.peers['theirs fast']?.sameTextAsOwnPlain, 1);
    assert.equal(summary.speedup['ours']?.['theirs']?.totalOfSameText?.ratio, 2);
  });

  it('leaves short texts out of the time per token', () => {
    const short = summarise(names.slice(0, 2), [[answer({ tokens: 2 }), answer({ tokens: 9 })]]);
    assert.equal(short.peers['ours']?.decodeMsPerToken, null);
    assert.equal(short.peers['theirs']?.decodeMsPerToken, 1);
    assert.equal(short.speedup['ours']?.['theirs']?.decodePerToken, null);
  });

  it('becomes a table with a row for each peer', () => {
    const rows = peerTable(summary, 'ours').split('\n');
    assert.equal(rows.length, 5);
    assert.match(rows[3] ?? '', /^\| theirs \| 2\.00 \| 30\.00 \|.*\| 3\.00 \(2\.00-4\.00\) \|$/);
    assert.match(rows[2] ?? '', /^\| ours \|.*\| {2}\| {2}\|$/);
  });
});

describe('llama-server', () => {
  it('is asked with the typed part of the line by itself', () => {
    const request = infillRequest({ ...task('a\n  b = '), suffix: ')\nc' });
    assert.equal(request.input_prefix, 'a\n');
    assert.equal(request.prompt, '  b = ');
    assert.equal(request.input_suffix, ')\nc');
    assert.deepEqual(request.stop, ['\n']);
    assert.equal(infillRequest({ ...task('a'), singleLine: false }).stop, undefined);
  });

  it('is started with the speculation that is asked for', () => {
    const options = { binary: 'b', modelPath: 'm', threads: 3, contextSize: 512 };
    const line = (more: object): string => serverArguments({ ...options, ...more }, 1234).join(' ');
    assert.doesNotMatch(line({}), /spec-type/);
    assert.match(line({ speculation: 'ngram-mod' }), /--spec-type ngram-mod$/);
    assert.match(
      line({ speculation: { draftModelPath: 'd' } }),
      /--model-draft d --spec-type draft-simple$/,
    );
  });
});
