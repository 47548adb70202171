// What policies are called on pages: the two types, and the limits of the service that an editor counts towards.

/** The most characters of a policy, white space not counted (IAM and STS quotas). */
export const managedPolicyLimit = 6144;
export const trustPolicyLimit = 2048;

export function isProvided(arn = ''): boolean {
  return arn.startsWith('arn:aws:iam::aws:');
}

export function policyType(arn?: string): string {
  return isProvided(arn) ? 'Provided' : 'Customer managed';
}

/** The first text of a new policy's editor. */
export const emptyPolicy = `{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Effect": "Allow",
      "Action": [],
      "Resource": "*"
    }
  ]
}`;

export const rolePath = (name: string) => `/roles/${encodeURIComponent(name)}`;
