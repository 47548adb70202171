// Compares error codes: the SDK names an exception it knows by its class ("NoSuchEntityException"), others by their code.
import { errorText } from '../lib/iam';

export function hasCode(error: unknown, code: string): boolean {
  return error !== undefined && errorText(error).code.replace(/Exception$/, '') === code;
}
