// Tab: the tags of the user.
import { ListUserTagsCommand, TagUserCommand, UntagUserCommand } from '@aws-sdk/client-iam';
import { iam } from '../../lib/iam';
import { all } from '../../lib/paging';
import OwnedTags, { type TagOwner } from '../../tags/Tags';

export default function Tags({ userName }: { userName: string }) {
  return <OwnedTags owner={tagsOf(userName)} />;
}

function tagsOf(UserName: string): TagOwner {
  return {
    id: `user/${UserName}`,
    list: () =>
      all(async (Marker) => {
        const page = await iam.send(new ListUserTagsCommand({ UserName, Marker }));
        return { items: page.Tags, marker: page.Marker };
      }),
    tag: (Tags) => iam.send(new TagUserCommand({ UserName, Tags })),
    untag: (TagKeys) => iam.send(new UntagUserCommand({ UserName, TagKeys })),
  };
}
