// Trust policies: whom one trusts, in words, and the text that a new role starts with.

/** Trusts the account's users and roles, as far as their own policies allow, if they have signed in with MFA. */
export function trustTemplate(account: string): string {
  return JSON.stringify(
    {
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Principal: { AWS: `arn:aws:iam::${account}:root` },
          Action: 'sts:AssumeRole',
          Condition: { Bool: { 'aws:MultiFactorAuthPresent': 'true' } },
        },
      ],
    },
    undefined,
    2,
  );
}

/** Whom the document allows to assume the role, such as "User alice, with MFA"; [] if it can't be read. */
export function trusted(document: string): string[] {
  let statements: unknown[];
  try {
    statements = list(record(JSON.parse(document)).Statement);
  } catch {
    return [];
  }
  const words = statements.map(record).flatMap((statement) => {
    if (statement.Effect !== 'Allow') return [];
    const mfa = /"aws:MultiFactorAuth(Present|Age)"/i.test(JSON.stringify(statement.Condition ?? {}));
    return principals(statement.Principal).map((who) => (mfa ? `${who}, with MFA` : who));
  });
  return [...new Set(words)];
}

function principals(value: unknown): string[] {
  if (value === '*') return ['Everyone'];
  return Object.entries(record(value)).flatMap(([kind, names]) =>
    list(names).map((name) => (kind === 'AWS' ? inWords(String(name)) : `${kind} ${String(name)}`)),
  );
}

function inWords(principal: string): string {
  if (principal === '*') return 'Everyone';
  if (/^\d{12}$/.test(principal)) return `Account ${principal}`;
  const [, account = '', rest = ''] = /^arn:[^:]*:(?:iam|sts)::(\d*):(.*)$/.exec(principal) ?? [];
  const parts = rest.split('/');
  const last = parts.at(-1) ?? '';
  switch (parts[0]) {
    case 'root':
      return `Account ${account}`;
    case 'user':
      return `User ${last}`;
    case 'role':
      return `Role ${last}`;
    case 'assumed-role':
      return `Session ${last} of role ${parts[1] ?? ''}`;
    case 'federated-user':
      return `Federated user ${last}`;
    default:
      return principal; // the id of one that was deleted
  }
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function list(value: unknown): unknown[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value];
}
