// The dialogue that deletes a group, for the list of groups and the group's own page.
import DeleteDialog from './DeleteDialog';
import { deleteGroup, groupStages } from './stages';

type Props = { name: string; onDeleted: () => void; onDismiss: () => void };

export default function DeleteGroup({ name, onDeleted, onDismiss }: Props) {
  return (
    <DeleteDialog
      kind="group"
      name={name}
      loses="A group can be deleted only without users and policies. The users themselves stay."
      stages={groupStages(name)}
      remove={() => deleteGroup(name)}
      onDeleted={onDeleted}
      onDismiss={onDismiss}
    />
  );
}
