// The account's password policy, for the one thing asked of it here: how long a generated password has to be.
import { GetAccountPasswordPolicyCommand } from '@aws-sdk/client-iam';
import { iam } from '../lib/iam';

/** 0 when there is no policy or it may not be read; the server judges the password anyway. */
export async function minimumPasswordLength(): Promise<number> {
  try {
    const { PasswordPolicy } = await iam.send(new GetAccountPasswordPolicyCommand({}));
    return PasswordPolicy?.MinimumPasswordLength ?? 0;
  } catch {
    return 0;
  }
}
