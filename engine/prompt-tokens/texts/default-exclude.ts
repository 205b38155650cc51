/** Default of the setting foretoken.exclude (package.json): keys, passwords, environment files. */
export const DEFAULT_EXCLUDE: readonly string[] = [
  '**/.env',
  '**/.env.*',
  '**/*.{pem,key,p12,pfx,jks,keystore,kdbx}',
  '**/{id_rsa,id_dsa,id_ecdsa,id_ed25519}*',
  '**/{.netrc,.npmrc,.pypirc,.pgpass,.htpasswd,.git-credentials}',
  '**/{.ssh,.gnupg,.aws,.azure,.kube}/**',
  '**/{credentials,secrets,secret}.{json,yaml,yml,toml,ini,txt,properties}',
];
