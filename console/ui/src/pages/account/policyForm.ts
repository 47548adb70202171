// The account's password policy as a form has it, and on the wire; bounds as in the API reference of UpdateAccountPasswordPolicy.
import type { PasswordPolicy, UpdateAccountPasswordPolicyCommandInput } from '@aws-sdk/client-iam';

/** The text of a number field; '' while it is switched off. */
export type Form = {
  minimumLength: string;
  uppercase: boolean;
  lowercase: boolean;
  numbers: boolean;
  symbols: boolean;
  expires: boolean;
  maxAge: string;
  hardExpiry: boolean;
  preventsReuse: boolean;
  reuse: string;
  allowChange: boolean;
};

export const bounds = {
  minimumLength: { least: 6, most: 128 },
  maxAge: { least: 1, most: 1095 },
  reuse: { least: 1, most: 24 },
};

/** What holds while there is no policy (IAM User Guide, "Set an account password policy"). */
export const defaults: Form = {
  minimumLength: '8',
  uppercase: false,
  lowercase: false,
  numbers: false,
  symbols: false,
  expires: false,
  maxAge: '90',
  hardExpiry: false,
  preventsReuse: false,
  reuse: '5',
  allowChange: false,
};

export function fromWire(policy: PasswordPolicy): Form {
  return {
    minimumLength: String(policy.MinimumPasswordLength ?? 6),
    uppercase: policy.RequireUppercaseCharacters ?? false,
    lowercase: policy.RequireLowercaseCharacters ?? false,
    numbers: policy.RequireNumbers ?? false,
    symbols: policy.RequireSymbols ?? false,
    expires: policy.ExpirePasswords ?? false,
    maxAge: String(policy.MaxPasswordAge || defaults.maxAge),
    hardExpiry: policy.HardExpiry ?? false,
    preventsReuse: Boolean(policy.PasswordReusePrevention),
    reuse: String(policy.PasswordReusePrevention || defaults.reuse),
    allowChange: policy.AllowUsersToChangePassword ?? false,
  };
}

export function toWire(form: Form): UpdateAccountPasswordPolicyCommandInput {
  return {
    MinimumPasswordLength: Number(form.minimumLength),
    RequireUppercaseCharacters: form.uppercase,
    RequireLowercaseCharacters: form.lowercase,
    RequireNumbers: form.numbers,
    RequireSymbols: form.symbols,
    AllowUsersToChangePassword: form.allowChange,
    // What the update leaves out is switched off.
    ...(form.expires && { MaxPasswordAge: Number(form.maxAge), HardExpiry: form.hardExpiry }),
    ...(form.preventsReuse && { PasswordReusePrevention: Number(form.reuse) }),
  };
}

/** Why a number can't be sent, or undefined. */
export function numberProblem(text: string, { least, most }: { least: number; most: number }): string | undefined {
  const value = Number(text);
  return /^\d+$/.test(text) && value >= least && value <= most ? undefined : `Enter a number from ${least} to ${most}.`;
}

export function isWhole(form: Form): boolean {
  return (
    !numberProblem(form.minimumLength, bounds.minimumLength) &&
    !(form.expires && numberProblem(form.maxAge, bounds.maxAge)) &&
    !(form.preventsReuse && numberProblem(form.reuse, bounds.reuse))
  );
}
