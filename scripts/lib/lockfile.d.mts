interface LockedPackage {
  readonly version?: string;
  readonly optional?: boolean;
}

interface Lockfile {
  readonly packages?: Readonly<Record<string, LockedPackage>>;
}

export function missingPackages(lockfile: Lockfile, installed: Lockfile): string[];
