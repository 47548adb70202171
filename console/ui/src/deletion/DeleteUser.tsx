// The dialogue that deletes a user, for the list of users and the user's own page.
import DeleteDialog from './DeleteDialog';
import { deleteUser, userStages } from './stages';

type Props = { name: string; onDeleted: () => void; onDismiss: () => void };

export default function DeleteUser({ name, onDeleted, onDismiss }: Props) {
  return (
    <DeleteDialog
      kind="user"
      name={name}
      loses="A user can be deleted only without console password, access keys, MFA devices, group memberships and policies."
      stages={userStages(name)}
      remove={() => deleteUser(name)}
      onDeleted={onDeleted}
      onDismiss={onDismiss}
    />
  );
}
