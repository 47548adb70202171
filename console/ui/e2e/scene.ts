// Sets the scene over the wire, so that a test begins where its subject does.
import {
  CreateLoginProfileCommand,
  CreateUserCommand,
  CreateVirtualMFADeviceCommand,
  EnableMFADeviceCommand,
  PutUserPolicyCommand,
} from '@aws-sdk/client-iam';
import { Phone } from './phone';
import type { Server } from './server';

export interface Person {
  name: string;
  password: string;
}

export const allowAll = JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] });

/** createPerson makes a user who may sign in to the console and do everything. */
export async function createPerson({ root }: Server, name: string, options: { reset?: boolean; policy?: string } = {}): Promise<Person> {
  const password = `Password-of-${name}-1`;
  await root.send(new CreateUserCommand({ UserName: name }));
  await root.send(new CreateLoginProfileCommand({ UserName: name, Password: password, PasswordResetRequired: options.reset ?? false }));
  await root.send(new PutUserPolicyCommand({ UserName: name, PolicyName: 'own', PolicyDocument: options.policy ?? allowAll }));
  return { name, password };
}

/** givePhone assigns a user an authenticator app. */
export async function givePhone({ root }: Server, user: string, device = `${user}-phone`): Promise<Phone> {
  const { VirtualMFADevice } = await root.send(new CreateVirtualMFADeviceCommand({ VirtualMFADeviceName: device }));
  const phone = Phone.typed(new TextDecoder().decode(VirtualMFADevice?.Base32StringSeed));
  const [AuthenticationCode1, AuthenticationCode2] = phone.pair();
  const SerialNumber = VirtualMFADevice?.SerialNumber;
  await root.send(new EnableMFADeviceCommand({ UserName: user, SerialNumber, AuthenticationCode1, AuthenticationCode2 }));
  return phone;
}
