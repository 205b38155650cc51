/** What a forward pass costs here: one device, model, backend, thread count and context depth. */
export interface DeviceProfile {
  /** `[n]`: milliseconds of a pass over n rows when passes of the same shape follow each other; [0] = 0. */
  readonly steadyMs: readonly number[];
  /** `[n]`: milliseconds when the shape differs from the pass before: llama.cpp rebuilds its graph then. */
  readonly mixedMs: readonly number[];
  /** Milliseconds of plain decoding's own step, over `decode` rather than `decodeTree`. */
  readonly plainMs: number;
}

/** By what the passes hold. */
export interface DeviceProfiles {
  /** Chains of tokens. */
  readonly chains: DeviceProfile;
  /** Trees with prompt tokens; null where the model has none. */
  readonly trees: DeviceProfile | null;
}
