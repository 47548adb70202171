// Creates a user with all that the wizard asked for. After the user stands, a failure stops nothing and is told.
import { AddUserToGroupCommand, CreateLoginProfileCommand, CreateUserCommand } from '@aws-sdk/client-iam';
import { iam } from '../../lib/iam';
import { userPolicies } from '../../policies/policyOwner';

export type NewUser = {
  name: string;
  /** Left out: no access to the console. */
  console?: { password: string; reset: boolean };
  groups: string[];
  policies: string[];
  tags: { Key: string; Value: string }[];
};

export type Created = {
  /** As the server spelled it. */
  name: string;
  /** Set only if the password is in force. */
  password?: string;
  failures: { what: string; error: unknown }[];
};

/** Throws only when there is no user afterwards. */
export async function createUser(user: NewUser): Promise<Created> {
  const Tags = user.tags.length > 0 ? user.tags : undefined;
  const { User } = await iam.send(new CreateUserCommand({ UserName: user.name, Tags }));
  const UserName = User?.UserName ?? user.name;
  const created: Created = { name: UserName, failures: [] };
  const step = async (what: string, work: () => Promise<unknown>): Promise<boolean> => {
    try {
      await work();
      return true;
    } catch (error) {
      created.failures.push({ what, error });
      return false;
    }
  };

  const login = user.console;
  if (login) {
    const input = { UserName, Password: login.password, PasswordResetRequired: login.reset };
    const set = await step('The console password was not set', () => iam.send(new CreateLoginProfileCommand(input)));
    if (set) created.password = login.password;
  }
  for (const GroupName of user.groups) {
    await step(`The user was not added to group ${GroupName}`, () =>
      iam.send(new AddUserToGroupCommand({ GroupName, UserName })),
    );
  }
  for (const PolicyArn of new Set(user.policies)) {
    await step(`Policy ${PolicyArn} was not attached`, () => userPolicies(UserName).attach(PolicyArn));
  }
  return created;
}
