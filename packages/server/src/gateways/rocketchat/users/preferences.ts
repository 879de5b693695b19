// What a user has set for their clients. The server keeps it and obeys little of it; what is not set is the default, which
// administrators may change.
import { z } from 'zod'
import type { Gate } from '../gate.ts'
import { PREFERENCE_BYTES, PREFERENCE_TEXT } from '../limits.ts'
import { DEFAULT_PREFERENCES } from '../settings/setting-table.ts'
import type { Profile } from './people.ts'

const PREFIX = 'Accounts_Default_User_Preferences_'

export function preferencesOf({ settings }: Gate, { preferences }: Profile): Readonly<Record<string, unknown>> {
  const defaults: Record<string, unknown> = { sidebarSectionsOrder: SECTIONS }
  for (const id of DEFAULT_PREFERENCES) defaults[id.slice(PREFIX.length)] = settings.get(id)
  return { ...defaults, ...preferences }
}

const SECTIONS = [
  'Incoming_Calls',
  'Incoming_Livechats',
  'Open_Livechats',
  'On_Hold_Chats',
  'Unread',
  'Favorites',
].concat(['Teams', 'Discussions', 'Channels', 'Direct_Messages', 'Conversations'])

const text = z.string().max(PREFERENCE_TEXT)
const flag = z.boolean()
const number = z.number()

/** Those that clients send; anything else is no preference. */
const SHAPE = {
  newRoomNotification: text,
  newMessageNotification: text,
  clockMode: number,
  useEmojis: flag,
  convertAsciiEmoji: flag,
  saveMobileBandwidth: flag,
  collapseMediaByDefault: flag,
  autoImageLoad: flag,
  emailNotificationMode: text,
  unreadAlert: flag,
  notificationsSoundVolume: number,
  voipRingerVolume: number,
  masterVolume: number,
  desktopNotifications: text,
  pushNotifications: text,
  enableAutoAway: flag,
  highlights: z.array(text).max(100),
  desktopNotificationRequireInteraction: flag,
  messageViewMode: number,
  hideUsernames: flag,
  hideRoles: flag,
  displayAvatars: flag,
  hideAvatars: flag,
  hideFlexTab: flag,
  sendOnEnter: text,
  language: z.string().max(32),
  sidebarShowFavorites: flag,
  sidebarShowUnread: flag,
  sidebarSortby: text,
  sidebarViewMode: text,
  sidebarDisplayAvatar: flag,
  sidebarHideAvatar: flag,
  sidebarGroupByType: flag,
  sidebarSectionsOrder: z.array(text).max(50),
  muteFocusedConversations: flag,
  dontAskAgainList: z.array(z.object({ action: text, label: text })).max(100),
  themeAppearence: text,
  fontSize: text,
  receiveLoginDetectionEmail: flag,
  notifyCalendarEvents: flag,
  enableMobileRinging: flag,
  idleTimeLimit: number,
  omnichannelTranscriptEmail: flag,
  omnichannelTranscriptPDF: flag,
  omnichannelHideConversationAfterClosing: flag,
  showThreadsInMainChannel: flag,
  alsoSendThreadToChannel: text,
  mentionsWithSymbol: flag,
  desktopNotificationVoiceCalls: flag,
} as const

const optional = Object.fromEntries(Object.entries(SHAPE).map(([name, shape]) => [name, shape.optional()]))
export const preferencesShape = z
  .object(optional)
  .refine(given => JSON.stringify(given).length <= PREFERENCE_BYTES, { error: 'is too large' })

/** `language` is the user's own, not one of the client's preferences. */
export function savedPreferences(given: Readonly<Record<string, unknown>>): (profile: Profile) => Partial<Profile> {
  const { language, ...preferences } = given
  return profile => ({
    preferences: { ...profile.preferences, ...preferences },
    ...(typeof language === 'string' ? { language } : {}),
  })
}
