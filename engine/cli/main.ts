/** Entry point of the `foretoken` command. docs/CLI.md is its contract. */
import { findInstallation } from '../installation.ts';
import { UsageError } from './arguments.ts';
import { runBenchCommand } from './bench.ts';
import { runComplete } from './complete.ts';
import { runInfo } from './info.ts';
import { runModels } from './models.ts';
import { runTune } from './tune.ts';
import { runTrain } from './train.ts';

const COMMANDS: Readonly<Record<string, (args: readonly string[]) => Promise<void>>> = {
  info: runInfo,
  models: runModels,
  complete: runComplete,
  bench: runBenchCommand,
  tune: runTune,
  train: runTrain,
};

const HELP = `Usage: foretoken COMMAND

  info [--json]                          device, llama.cpp release, models
  models [--json]                        models to choose from, and what suits this machine
  models download NAME                   fetch one into the models folder
  complete FILE:LINE:COL [--model PATH|NAME] [--draft PATH|NAME|none] [--max-tokens N]
        [--mode M] [--json]
  bench [--prompts FILE.jsonl | --workspace FOLDER] [--limit N] [--seed S] [--modes a,b]
        [--max-tokens N] [--runs R] [--model PATH|NAME] [--draft PATH|NAME|none] [--json OUT]
  train [PATH...] [--model PATH|NAME] [--prompt-tokens M] [--ensemble E]
        [--steps N] [--minutes T] [--out FILE] [--resume] [--json]
  tune [--model PATH|NAME] [--json]      measure this device, and what pays on it

Bad input ends with one line on stderr and exit code 2. FORETOKEN_LOG=1 shows the engine's log.`;

async function main([name, ...args]: readonly string[]): Promise<void> {
  if (name === undefined || name === 'help' || name === '--help') {
    console.log(HELP);
    return;
  }
  if (name === '--version') {
    console.log(findInstallation().version);
    return;
  }
  const command = COMMANDS[name];
  if (command === undefined) {
    const known = Object.keys(COMMANDS).join(', ');
    throw new UsageError(`Unknown command "${name}": known commands are ${known}.`);
  }
  await command(args);
}

main(process.argv.slice(2)).catch((error: unknown) => {
  if (error instanceof UsageError) console.error(error.message.replaceAll('\n', ' '));
  else console.error(error);
  process.exitCode = error instanceof UsageError ? 2 : 1;
});
