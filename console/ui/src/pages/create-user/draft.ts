// What the wizard has been told so far. It lives in memory only, because a password is part of it.
import { changePasswordPolicy } from '../../policies/names';
import { filled, type Tag } from '../../tags/TagFields';
import { chosenPassword, firstChoice, type PasswordChoiceValue } from '../../users/PasswordChoice';
import { type NewUser } from './createUser';

export type Draft = {
  name: string;
  console: boolean;
  password: PasswordChoiceValue;
  permissions: 'groups' | 'policies' | 'none';
  groups: string[];
  policies: string[];
  /** Lets a user who must change the password do so. */
  changePassword: boolean;
  tags: Tag[];
};

export const emptyDraft: Draft = {
  name: '',
  console: false,
  password: firstChoice,
  permissions: 'groups',
  groups: [],
  policies: [],
  changePassword: true,
  tags: [],
};

/** Choices of a way that was not taken in the end do not count. */
export function chosenGroups(draft: Draft): string[] {
  return draft.permissions === 'groups' ? draft.groups : [];
}

export function chosenPolicies(draft: Draft): string[] {
  const policies = draft.permissions === 'policies' ? draft.policies : [];
  const change = draft.console && draft.password.reset && draft.changePassword;
  return change && !policies.includes(changePasswordPolicy) ? [...policies, changePasswordPolicy] : policies;
}

export async function newUser(draft: Draft): Promise<NewUser> {
  return {
    name: draft.name,
    console: draft.console
      ? { password: await chosenPassword(draft.password), reset: draft.password.reset }
      : undefined,
    groups: chosenGroups(draft),
    policies: chosenPolicies(draft),
    tags: filled(draft.tags),
  };
}
