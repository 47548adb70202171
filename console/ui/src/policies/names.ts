// What policies are called on pages, and the provided one that the console itself speaks of.

/** Lets a user change the own password, which a forced change asks for. */
export const changePasswordPolicy = 'arn:aws:iam::aws:policy/IAMUserChangePassword';

export function isProvided(arn = ''): boolean {
  return arn.startsWith('arn:aws:iam::aws:');
}

export function policyType(arn?: string): string {
  return isProvided(arn) ? 'Provided' : 'Customer managed';
}
