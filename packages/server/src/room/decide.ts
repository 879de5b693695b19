// decide(state, command) -> events | rejection: the one way into a room's log. One file per command beside this.
import type { AddMembers } from './commands/add-members.ts'
import { addMembers } from './commands/add-members.ts'
import type { BlockDirect } from './commands/block-direct.ts'
import { blockDirect } from './commands/block-direct.ts'
import type { ChangeAdmins } from './commands/change-admins.ts'
import { changeAdmins } from './commands/change-admins.ts'
import type { ChangeRole } from './commands/change-role.ts'
import { changeRole } from './commands/change-role.ts'
import type { ChangeTeam } from './commands/change-team.ts'
import { changeTeam } from './commands/change-team.ts'
import type { ChangeTtl } from './commands/change-ttl.ts'
import { changeTtl } from './commands/change-ttl.ts'
import type { ConfigureRoom } from './commands/configure-room.ts'
import { configureRoom } from './commands/configure-room.ts'
import type { CreateRoom } from './commands/create-room.ts'
import { createRoom } from './commands/create-room.ts'
import type { DeleteMessages } from './commands/delete-messages.ts'
import { deleteMessages } from './commands/delete-messages.ts'
import type { DeleteSigned } from './commands/delete-signed.ts'
import { deleteSigned } from './commands/delete-signed.ts'
import type { DescribeRoom } from './commands/describe-room.ts'
import { describeRoom } from './commands/describe-room.ts'
import type { DisableInvite } from './commands/disable-invite.ts'
import { disableInvite } from './commands/disable-invite.ts'
import type { DropWraps } from './commands/drop-wraps.ts'
import { dropWraps } from './commands/drop-wraps.ts'
import type { EditMessage } from './commands/edit-message.ts'
import { editMessage } from './commands/edit-message.ts'
import type { EnableInvite } from './commands/enable-invite.ts'
import { enableInvite } from './commands/enable-invite.ts'
import type { FollowThread } from './commands/follow-thread.ts'
import { followThread } from './commands/follow-thread.ts'
import type { Kick } from './commands/kick.ts'
import { kick } from './commands/kick.ts'
import type { OpenEpoch } from './commands/open-epoch.ts'
import { openEpoch } from './commands/open-epoch.ts'
import type { PinMessage } from './commands/pin-message.ts'
import { pinMessage } from './commands/pin-message.ts'
import type { React } from './commands/react.ts'
import { react } from './commands/react.ts'
import type { RejectJoins } from './commands/reject-joins.ts'
import { rejectJoins } from './commands/reject-joins.ts'
import type { RemoveMembers } from './commands/remove-members.ts'
import { removeMembers } from './commands/remove-members.ts'
import type { RemoveRoom } from './commands/remove-room.ts'
import { removeRoom } from './commands/remove-room.ts'
import type { ReplaceAcls } from './commands/replace-acls.ts'
import { replaceAcls } from './commands/replace-acls.ts'
import type { RequestJoin } from './commands/request-join.ts'
import { requestJoin } from './commands/request-join.ts'
import type { Retitle } from './commands/retitle.ts'
import { retitle } from './commands/retitle.ts'
import type { SetSanction } from './commands/sanction.ts'
import { sanction } from './commands/sanction.ts'
import type { SaveWrap } from './commands/save-wrap.ts'
import { saveWrap } from './commands/save-wrap.ts'
import type { SendMessage } from './commands/send-message.ts'
import { sendMessage } from './commands/send-message.ts'
import type { SetAcls } from './commands/set-acls.ts'
import { setAcls } from './commands/set-acls.ts'
import type { SettleSuggestion } from './commands/settle-suggestion.ts'
import { settleSuggestion } from './commands/settle-suggestion.ts'
import type { StartDiscussion } from './commands/start-discussion.ts'
import { startDiscussion } from './commands/start-discussion.ts'
import type { SuggestWraps } from './commands/suggest-wraps.ts'
import { suggestWraps } from './commands/suggest-wraps.ts'
import type { SwitchNotifications } from './commands/switch-notifications.ts'
import { switchNotifications } from './commands/switch-notifications.ts'
import type { SwitchSuite } from './commands/switch-suite.ts'
import { switchSuite } from './commands/switch-suite.ts'
import type { CommandRule, Decision } from './decision.ts'
import type { Context, Facts, Needs } from './facts.ts'
import type { Rejection } from './rejection.ts'
import type { RoomState } from './state.ts'

export type Command =
  | CreateRoom
  | AddMembers
  | RemoveMembers
  | Kick
  | OpenEpoch
  | SaveWrap
  | SuggestWraps
  | SettleSuggestion
  | DropWraps
  | SendMessage
  | DeleteMessages
  | DeleteSigned
  | React
  | PinMessage
  | FollowThread
  | EditMessage
  | BlockDirect
  | ChangeRole
  | ChangeAdmins
  | Retitle
  | ChangeTeam
  | ChangeTtl
  | EnableInvite
  | DisableInvite
  | RequestJoin
  | RejectJoins
  | SetAcls
  | ReplaceAcls
  | DescribeRoom
  | ConfigureRoom
  | SetSanction
  | SwitchNotifications
  | StartDiscussion
  | SwitchSuite
  | RemoveRoom

type Rules = { readonly [K in Command['command']]: CommandRule<Extract<Command, { command: K }>> }

const RULES: Rules = {
  'create-room': createRoom,
  'add-members': addMembers,
  'remove-members': removeMembers,
  kick,
  'open-epoch': openEpoch,
  'save-wrap': saveWrap,
  'suggest-wraps': suggestWraps,
  'settle-suggestion': settleSuggestion,
  'drop-wraps': dropWraps,
  'send-message': sendMessage,
  'delete-messages': deleteMessages,
  'delete-signed': deleteSigned,
  react,
  'pin-message': pinMessage,
  'follow-thread': followThread,
  'edit-message': editMessage,
  'block-direct': blockDirect,
  'change-role': changeRole,
  'change-admins': changeAdmins,
  retitle,
  'change-team': changeTeam,
  'change-ttl': changeTtl,
  'enable-invite': enableInvite,
  'disable-invite': disableInvite,
  'request-join': requestJoin,
  'reject-joins': rejectJoins,
  'set-acls': setAcls,
  'replace-acls': replaceAcls,
  'describe-room': describeRoom,
  'configure-room': configureRoom,
  sanction,
  'switch-notifications': switchNotifications,
  'start-discussion': startDiscussion,
  'switch-suite': switchSuite,
  'remove-room': removeRoom,
}

function ruleOf(command: Command): CommandRule<Command> {
  return RULES[command.command] as CommandRule<Command>
}

/** What must be known before the command can be decided. */
export function needs(state: RoomState | undefined, command: Command): Needs {
  return ruleOf(command).needs(state, command)
}

export function decide(
  state: RoomState | undefined,
  command: Command,
  facts: Facts,
  context: Context,
): Decision | Rejection {
  return ruleOf(command).decide(state, command, facts, context)
}
