// What the account's password policy asks of a password, checked before it is sent; the server judges in the end.
import { GetAccountPasswordPolicyCommand, type PasswordPolicy } from '@aws-sdk/client-iam';
import { hasCode, iam } from '../lib/iam';

type Rules = {
  minimumLength: number;
  /** Classes that a password must have a character of. */
  required: string[];
  /** Of all the classes, how many it must have; 0 where the required ones are all. */
  classes: number;
};

/** No password is longer (API reference, CreateLoginProfile). */
const maximumLength = 128;
const symbols = "!@#$%^&*()_+-=[]{}|'";
const classes: { name: string; test: (character: string) => boolean; field: keyof PasswordPolicy }[] = [
  { name: 'uppercase letter', test: (c) => /[A-Z]/.test(c), field: 'RequireUppercaseCharacters' },
  { name: 'lowercase letter', test: (c) => /[a-z]/.test(c), field: 'RequireLowercaseCharacters' },
  { name: 'number', test: (c) => /[0-9]/.test(c), field: 'RequireNumbers' },
  { name: 'symbol', test: (c) => symbols.includes(c), field: 'RequireSymbols' },
];

/** What holds while there is no policy (IAM User Guide, "Set an account password policy"). */
export const defaultRules: Rules = { minimumLength: 8, required: [], classes: 3 };

export function rulesOf(policy: PasswordPolicy): Rules {
  return {
    minimumLength: policy.MinimumPasswordLength ?? 6,
    required: classes.filter(({ field }) => policy[field] === true).map(({ name }) => name),
    classes: 0,
  };
}

/** Undefined when the policy may not be read. */
export async function passwordRules(): Promise<Rules | undefined> {
  try {
    const { PasswordPolicy } = await iam.send(new GetAccountPasswordPolicyCommand({}));
    return PasswordPolicy && rulesOf(PasswordPolicy);
  } catch (error) {
    return hasCode(error, 'NoSuchEntity') ? defaultRules : undefined;
  }
}

/** Why a password will be refused, in the server's words, or undefined. */
export function passwordProblem(password: string, rules: Rules | undefined): string | undefined {
  if (password === '') return 'Enter a password.';
  const characters = [...password];
  if (characters.length > maximumLength) return `Password should have a maximum length of ${maximumLength}`;
  if (!rules) return undefined;
  if (characters.length < rules.minimumLength) return `Password should have a minimum length of ${rules.minimumLength}`;
  const missing = classes.filter(({ test }) => !characters.some(test)).map(({ name }) => name);
  const first = missing.find((name) => rules.required.includes(name));
  if (first) return `Password should have at least one ${first}`;
  const more = rules.classes - (classes.length - missing.length);
  return more > 0 ? `Password should meet ${more} more of the following requirements: ${missing.join(', ')}` : undefined;
}

/** The rules in a line, to stand beside the field. */
export function rulesText(rules: Rules | undefined): string | undefined {
  if (!rules) return undefined;
  const length = `${rules.minimumLength} to ${maximumLength} characters`;
  if (rules.classes > 0) {
    return `${length}, of at least three of these: uppercase letters, lowercase letters, numbers, symbols (${symbols})`;
  }
  const each = rules.required.map((name) => (name === 'symbol' ? `symbol (${symbols})` : name));
  return each.length === 0 ? length : `${length}, with at least one ${each.join(', one ')}`;
}
