import { chromium, type Browser } from 'playwright-core';
import { CHROMIUM, findProgram } from './system-packages.ts';

/** Everything that would leave this machine is off. */
const OFFLINE_FLAGS = [
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-gpu',
  '--disable-quic',
  '--disable-sync',
  '--no-first-run',
];

export async function launchBrowser(): Promise<Browser> {
  const executablePath = findProgram(CHROMIUM.command);
  if (executablePath === null) throw new Error('Please install first: chromium.');
  return chromium.launch({ executablePath, chromiumSandbox: false, args: OFFLINE_FLAGS });
}
