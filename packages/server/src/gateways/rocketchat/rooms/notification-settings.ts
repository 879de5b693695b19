// What a member wants to hear of a room (`saveNotificationSettings`): which fields there are and what they may be.
import { MeteorError } from '../errors.ts'

const CHOICES: ReadonlySet<unknown> = new Set(['all', 'mentions', 'nothing', 'default'])
const ORIGINS = {
  desktopNotifications: 'desktopPrefOrigin',
  mobilePushNotifications: 'mobilePrefOrigin',
  emailNotifications: 'emailPrefOrigin',
} as const
const FLAGS: ReadonlySet<string> = new Set([
  'disableNotifications',
  'hideUnreadStatus',
  'hideMentionStatus',
  'muteGroupMentions',
])
const WORDS: ReadonlySet<string> = new Set(['unreadAlert', 'audioNotificationValue'])
/** Characters of a sound's name. */
const WORD = 256

/** What is kept of it; null takes a field away, so that what the user prefers everywhere holds. */
export function notificationFields(
  field: string,
  value: string,
  method: string,
): Readonly<Record<string, unknown>> | MeteorError {
  if (Object.hasOwn(ORIGINS, field)) {
    if (!CHOICES.has(value)) return new MeteorError('error-invalid-settings', 'Invalid settings value', { method })
    const origin = ORIGINS[field as keyof typeof ORIGINS]
    return value === 'default' ? { [field]: null, [origin]: null } : { [field]: value, [origin]: 'subscription' }
  }
  if (FLAGS.has(field)) return { [field]: value === '1' }
  if (WORDS.has(field)) {
    if (value.length > WORD) return new MeteorError('error-invalid-settings', 'Invalid settings value', { method })
    return { [field]: value === 'default' ? null : value }
  }
  return new MeteorError('error-invalid-settings', 'Invalid settings field', { method })
}
