// What reaches every node: facts about users, settings and roles, told to whoever listens to them here.
import type { ChannelId, RoomId, UserId } from '@conclave/wire'
import type { BusMessage } from '../../../bus/bus.ts'
import { isHidden } from '../../../room/rights.ts'
import { bug } from '../dispatch.ts'
import type { Gate } from '../gate.ts'
import type { DdpSession } from '../session.ts'
import type { PermissionDocument } from '../settings/permissions.ts'
import type { SettingDocument } from '../settings/settings.ts'
import { SEES_SETTINGS } from '../streams.ts'
import { reviewChannel, reviewRooms, reviewUser } from './review.ts'
import { SIGNAL } from './tell.ts'

export function receiveAll(gate: Gate, message: BusMessage): void {
  switch (message.kind) {
    case 'presence':
      gate.presences.changed(message.user)
      return
    case 'changed':
      if (message.of === 'account') reviewUser(gate, message.id as UserId)
      if (message.of === 'channel') reviewChannel(gate, message.id as ChannelId)
      return
    case 'signal': {
      const [event, args] = message.args as [string, unknown[]]
      if (message.name === SIGNAL.logged && message.room !== null) tellThoseAround(gate, message.room, event, args)
      else if (message.name === SIGNAL.logged) tellLogged(gate, event, args)
      if (message.name === SIGNAL.all) gate.broadcasts.tell('notify-all', event, args)
      if (message.name === SIGNAL.roles) gate.broadcasts.tell('roles', event, args)
      return
    }
    default:
  }
}

function tellLogged(gate: Gate, event: string, args: readonly unknown[]): void {
  if (event === 'private-settings-changed')
    gate.broadcasts.tellSome('notify-logged', event, args, session => seesSettings(gate, session))
  else gate.broadcasts.tell('notify-logged', event, args)
}

/** Of a hidden room to its members alone. */
function tellThoseAround(gate: Gate, id: RoomId, event: string, args: readonly unknown[]): void {
  const task = async (): Promise<void> => {
    const found = await gate.parts.reading.room(id)
    if (!found) return
    const { room } = found
    const hears = ({ user }: DdpSession): boolean => user !== null && (!isHidden(room) || room.members.has(user))
    gate.broadcasts.tellSome('notify-logged', event, args, hears)
  }
  task().catch(error => bug(gate, 'roles-change', error))
}

function seesSettings({ parts, permissions }: Gate, { user }: DdpSession): boolean {
  const account = user === null ? undefined : parts.identity.accounts.peek(user)
  return account?.active === true && SEES_SETTINGS.some(id => permissions.may(account, id))
}

/** On every node, after a setting has changed. */
export function settingChanged(gate: Gate, { _id, value, public: isPublic, updatedAt }: SettingDocument): void {
  const told = ['updated', { _id, value, _updatedAt: new Date(updatedAt) }]
  if (isPublic) {
    gate.broadcasts.tell('notify-all', 'public-settings-changed', told)
    gate.broadcasts.tell('notify-all', 'public-info', [['public-settings-changed', told]])
  }
  tellLogged(gate, 'private-settings-changed', told)
}

/** The same of a permission: what was allowed before may not be now. */
export function permissionChanged(gate: Gate, { _id, roles, updatedAt }: PermissionDocument): void {
  gate.broadcasts.tell('notify-logged', 'permissions-changed', [
    'updated',
    { _id, roles, _updatedAt: new Date(updatedAt) },
  ])
  reviewRooms(gate, gate.feeds.rooms())
}
