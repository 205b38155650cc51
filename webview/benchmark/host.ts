import type { PageMessage, PageState } from '../../extension/benchmark/messages.ts';

/** What the editor gives a page to talk with. */
interface EditorApi {
  postMessage(message: PageMessage): void;
  setState(state: PageState): void;
}

declare function acquireVsCodeApi(): EditorApi;

const api = acquireVsCodeApi();

export function post(message: PageMessage): void {
  api.postMessage(message);
}

/** Survives a restart of the editor. */
export function keep(state: PageState): void {
  api.setState(state);
}
