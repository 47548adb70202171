// Finds the line of a policy document that a refusal of the server speaks of; its messages name the fault, not the place.
import { readJSON, type Member, type Node } from './json';

type Statement = { at: number; members: Member[] };
type Rule = { message: RegExp; find: (document: Policy, match: RegExpExecArray) => number | undefined };

/** What the rules look at; everything with its place in the text. */
class Policy {
  readonly top: Member[];
  readonly statements: Statement[];
  constructor(readonly root: Node) {
    this.top = root.type === 'object' ? root.members : [];
    const value = named(this.top, 'Statement')?.value;
    const nodes = value?.type === 'array' ? value.items : value ? [value] : [];
    this.statements = nodes.flatMap((n) => (n.type === 'object' ? [{ at: n.at, members: n.members }] : []));
  }

  /** The place of the first string under one of the names, in any statement, that is as wanted. */
  text(names: string[], wanted: (value: string) => boolean): number | undefined {
    for (const { members } of this.statements) {
      for (const { name, value } of members) {
        if (!names.includes(name)) continue;
        const found = strings(value).find((s) => wanted(s.value));
        if (found) return found.at;
      }
    }
    return undefined;
  }

  /** The place of the first member of a statement with one of the names. */
  member(...names: string[]): number | undefined {
    return this.statements.flatMap((s) => s.members).find((m) => names.includes(m.name))?.at;
  }

  /** The place of the first statement with nothing under any of the names. */
  without(...names: string[]): number | undefined {
    return this.statements.find((s) => !s.members.some((m) => names.includes(m.name) && !isEmpty(m.value)))?.at;
  }
}

const actions = ['Action', 'NotAction'];
const resources = ['Resource', 'NotResource'];
const principals = ['Principal', 'NotPrincipal'];
const topNames = ['Version', 'Id', 'Statement'];
const statementNames = ['Sid', 'Effect', 'Condition', ...actions, ...resources, ...principals];

// The texts are those of IAM's own answers (MalformedPolicyDocument of CreatePolicy and CreateRole).
const rules: Rule[] = [
  { message: /must be version|valid version string/, find: (p) => named(p.top, 'Version')?.value.at ?? p.root.at },
  { message: /^Policy document should not specify a principal/, find: (p) => p.member(...principals) },
  { message: /prefaced by a vendor/, find: (p) => p.text(actions, (a) => a !== '*' && !/^[^:]+:/.test(a)) },
  { message: /^Vendor (.*) is not valid/, find: (p, [, vendor]) => p.text(actions, (a) => a.startsWith(`${vendor}:`)) },
  { message: /only one colon/, find: (p) => p.text(actions, (a) => a.split(':').length > 2) },
  { message: /must contain actions/, find: (p) => p.without(...actions) },
  { message: /must contain resources/, find: (p) => p.without(...resources) },
  { message: /esource (\S+) (?:must be in ARN|can\s?not contain)/, find: (p, [, value]) => p.text(resources, (r) => r === value) },
  { message: /^Partition "(.*)" is not valid/, find: (p, [, value]) => p.text(resources, (r) => (r.split(':')[1] ?? '') === value) },
  { message: /^Resource vendor must/, find: (p) => p.text(resources, (r) => /[*?]|^$/.test(r.split(':')[2] ?? 'x')) },
  { message: /^IAM resource path/, find: (p) => p.text(resources, (r) => /^arn:[^:]*:iam:/.test(r) && !iamResource.test(r)) },
  { message: /alpha-numeric/, find: (p) => p.text(['Sid'], (sid) => !/^[0-9A-Za-z]*$/.test(sid)) },
  { message: /must be unique|are not unique/, find: secondSid },
  { message: /only specify STS/, find: (p) => p.text(actions, (a) => !/^sts:/i.test(a)) ?? p.member('NotAction') },
  { message: /^(?:Has prohibited|Unknown) field (\w+)/, find: (p, [, name]) => p.member(name!) ?? named(p.top, name!)?.at },
  { message: /^Missing required field (\w+)/, find: (p, [, name]) => p.without(name!, `Not${name}`) },
  { message: /^Invalid effect/, find: badEffect },
  { message: /^Invalid principal in policy: "[^"]*":"(.*)"$/, find: (p, [, value]) => p.text(principals, (s) => s === value) },
  { message: /^Invalid principal in policy/, find: (p) => p.member(...principals) },
  { message: /NotPrincipal/, find: (p) => p.member('NotPrincipal') },
  { message: /legacy parsing/, find: (p) => badEffect(p) ?? p.text(resources, (r) => r !== '*' && r.split(':').length < 6) },
  { message: /^Syntax errors/, find: syntax },
];

const iamResource = /^(?:[^:]*:){5}(?:[*]|root|(?:user|federated-user|role|group|instance-profile|mfa|server-certificate|policy|sms-mfa|saml-provider|oidc-provider|report|access-report)\/)/;

/** Where in the text a MalformedPolicyDocument's fault is, as far as its message and the document tell. */
export function locate(message: string, text: string): number | undefined {
  const read = readJSON(text);
  if ('fault' in read) return read.fault.at;
  const policy = new Policy(read.root);
  for (const { message: pattern, find } of rules) {
    const match = pattern.exec(message);
    if (match) return find(policy, match);
  }
  return undefined;
}

function named(members: Member[], name: string): Member | undefined {
  return members.find((m) => m.name === name);
}

function strings(node: Node): { at: number; value: string }[] {
  switch (node.type) {
    case 'string':
      return [node];
    case 'array':
      return node.items.flatMap(strings);
    case 'object':
      return node.members.flatMap((m) => strings(m.value));
    case 'other':
      return [];
  }
}

function isEmpty(node: Node): boolean {
  return node.type === 'array' && node.items.length === 0;
}

function badEffect(p: Policy): number | undefined {
  return p.text(['Effect'], (effect) => effect !== 'Allow' && effect !== 'Deny');
}

function secondSid(p: Policy): number | undefined {
  const seen = new Set<string>();
  return p.text(['Sid'], (sid) => sid !== '' && (seen.has(sid) || !seen.add(sid)));
}


/** "Syntax errors in policy." names nothing: the first element that can't be right is taken. */
function syntax(p: Policy): number | undefined {
  const unknown = p.top.find((m) => !topNames.includes(m.name));
  if (unknown) return unknown.at;
  const statement = named(p.top, 'Statement');
  if (!statement || p.statements.length === 0) return statement?.at ?? p.root.at;
  for (const { at, members } of p.statements) {
    const wrong =
      members.find((m) => !statementNames.includes(m.name)) ??
      members.find((m) => m.name === 'Effect' && !(m.value.type === 'string' && /^(?:allow|deny)$/i.test(m.value.value))) ??
      [actions, resources, principals].map((pair) => members.filter((m) => pair.includes(m.name))[1]).find(Boolean);
    if (wrong) return wrong.at;
    if (!named(members, 'Effect')) return at;
  }
  const condition = p.statements.flatMap((s) => s.members).filter((m) => m.name === 'Condition');
  return condition.length === 1 ? condition[0]!.at : undefined;
}
