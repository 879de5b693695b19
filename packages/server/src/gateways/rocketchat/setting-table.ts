// Settings with their defaults (rocketchat.md 5.1 and section 7). Each that is listed here is obeyed by the server or tells
// clients what the server does; `fixed` ones say what cannot be changed.

export interface Setting {
  readonly value: boolean | number | string
  /** Shown to everybody, logged in or not. */
  readonly public: boolean
  readonly choices?: readonly string[]
  /** The server works this way whatever anybody sets. */
  readonly fixed?: true
}

const shown = <const Value extends Setting['value']>(value: Value) => ({ value, public: true }) as const
const inner = <const Value extends Setting['value']>(value: Value) => ({ value, public: false }) as const
const fixed = <const Value extends Setting['value']>(value: Value) => ({ value, public: true, fixed: true }) as const

/** Of accounts: what users' own preferences stand over (users/preferences.ts). */
const PREFERENCES = {
  Accounts_Default_User_Preferences_alsoSendThreadToChannel: shown('default'),
  Accounts_Default_User_Preferences_autoImageLoad: shown(true),
  Accounts_Default_User_Preferences_collapseMediaByDefault: shown(false),
  Accounts_Default_User_Preferences_convertAsciiEmoji: shown(true),
  Accounts_Default_User_Preferences_desktopNotificationRequireInteraction: shown(false),
  Accounts_Default_User_Preferences_desktopNotifications: shown('all'),
  Accounts_Default_User_Preferences_displayAvatars: shown(true),
  Accounts_Default_User_Preferences_emailNotificationMode: shown('nothing'),
  Accounts_Default_User_Preferences_enableAutoAway: shown(true),
  Accounts_Default_User_Preferences_enableMobileRinging: shown(true),
  Accounts_Default_User_Preferences_hideFlexTab: shown(false),
  Accounts_Default_User_Preferences_hideRoles: shown(false),
  Accounts_Default_User_Preferences_hideUsernames: shown(false),
  Accounts_Default_User_Preferences_idleTimeLimit: shown(300),
  Accounts_Default_User_Preferences_muteFocusedConversations: shown(true),
  Accounts_Default_User_Preferences_newMessageNotification: shown('chime'),
  Accounts_Default_User_Preferences_newRoomNotification: shown('door'),
  Accounts_Default_User_Preferences_notificationsSoundVolume: shown(100),
  Accounts_Default_User_Preferences_notifyCalendarEvents: shown(true),
  Accounts_Default_User_Preferences_omnichannelTranscriptEmail: shown(false),
  Accounts_Default_User_Preferences_pushNotifications: shown('all'),
  Accounts_Default_User_Preferences_saveMobileBandwidth: shown(true),
  Accounts_Default_User_Preferences_sendOnEnter: shown('normal'),
  Accounts_Default_User_Preferences_showThreadsInMainChannel: shown(false),
  Accounts_Default_User_Preferences_sidebarDisplayAvatar: shown(true),
  Accounts_Default_User_Preferences_sidebarGroupByType: shown(true),
  Accounts_Default_User_Preferences_sidebarShowFavorites: shown(true),
  Accounts_Default_User_Preferences_sidebarShowUnread: shown(false),
  Accounts_Default_User_Preferences_sidebarSortby: shown('activity'),
  Accounts_Default_User_Preferences_sidebarViewMode: shown('medium'),
  Accounts_Default_User_Preferences_themeAppearence: shown('auto'),
  Accounts_Default_User_Preferences_unreadAlert: shown(true),
  Accounts_Default_User_Preferences_useEmojis: shown(true),
} as const satisfies Readonly<Record<string, Setting>>

export const DEFAULT_PREFERENCES = Object.keys(PREFERENCES) as (keyof typeof PREFERENCES)[]

export const SETTINGS = {
  ...PREFERENCES,
  Accounts_AllowAnonymousRead: fixed(false),
  Accounts_AllowDeleteOwnAccount: shown(false),
  Accounts_AllowEmailChange: shown(true),
  Accounts_AllowInvisibleStatusOption: shown(true),
  Accounts_AllowPasswordChange: shown(true),
  Accounts_AllowRealNameChange: shown(true),
  Accounts_AllowUserAvatarChange: shown(true),
  Accounts_AllowUserProfileChange: shown(true),
  Accounts_AllowUserStatusMessageChange: shown(true),
  Accounts_AllowUsernameChange: shown(true),
  Accounts_BlockedUsernameList: inner(''),
  Accounts_CustomFields: shown(''),
  Accounts_OAuth_Google: fixed(false),
  Accounts_Password_Policy_AtLeastOneLowercase: shown(true),
  Accounts_Password_Policy_AtLeastOneNumber: shown(true),
  Accounts_Password_Policy_AtLeastOneSpecialCharacter: shown(true),
  Accounts_Password_Policy_AtLeastOneUppercase: shown(true),
  Accounts_Password_Policy_Enabled: shown(false),
  Accounts_Password_Policy_ForbidRepeatingCharacters: shown(true),
  Accounts_Password_Policy_ForbidRepeatingCharactersCount: shown(3),
  Accounts_Password_Policy_MaxLength: shown(-1),
  Accounts_Password_Policy_MinLength: shown(7),
  Accounts_RegistrationForm: { value: 'Disabled', public: true, choices: ['Public', 'Disabled', 'Secret URL'] },
  Accounts_RegistrationForm_SecretURL: inner(''),
  Accounts_Registration_Users_Default_Roles: inner('user'),
  Accounts_RequireNameForSignUp: shown(true),
  Accounts_SearchFields: shown('username, name, bio, nickname'),
  Accounts_SystemBlockedUsernameList: inner('admin,administrator,system,user'),
  Accounts_TwoFactorAuthentication_By_Email_Enabled: fixed(false),
  Accounts_TwoFactorAuthentication_By_TOTP_Enabled: shown(true),
  Accounts_TwoFactorAuthentication_Enabled: shown(true),
  Accounts_TwoFactorAuthentication_Enforce_Password_Fallback: shown(true),
  Accounts_TwoFactorAuthentication_RememberFor: shown(1_800),
  API_Allow_Infinite_Count: inner(true),
  'API_Apply_permission_view-outside-room_on_users-list': inner(false),
  API_Default_Count: inner(50),
  API_Enable_Direct_Message_History_EndPoint: inner(false),
  API_Upper_Count_Limit: inner(100),
  API_User_Limit: inner(500),
  E2E_Allow_Unencrypted_Messages: fixed(false),
  E2E_Enable: shown(true),
  E2E_Enable_Encrypt_Files: shown(true),
  E2E_Enabled_Default_DirectRooms: shown(false),
  E2E_Enabled_Default_PrivateRooms: shown(false),
  E2E_Enabled_Mentions: shown(true),
  E2E_Force_Encryption_For_Private_Rooms: shown(false),
  FileUpload_Enabled: shown(true),
  FileUpload_Enabled_Direct: shown(true),
  FileUpload_MaxFileSize: shown(104_857_600),
  FileUpload_MediaTypeBlackList: shown('image/svg+xml'),
  FileUpload_MediaTypeWhiteList: shown(''),
  FileUpload_ProtectFiles: shown(true),
  FileUpload_Restrict_to_room_members: shown(true),
  FileUpload_Restrict_to_users_who_can_access_room: shown(false),
  Message_AllowBadWordsFilter: shown(false),
  Message_AllowDeleting: shown(true),
  Message_AllowDeleting_BlockDeleteInMinutes: shown(0),
  Message_AllowEditing: shown(true),
  Message_AllowEditing_BlockEditInMinutes: shown(0),
  Message_AllowPinning: shown(true),
  Message_AllowStarring: shown(true),
  Message_BadWordsFilterList: shown(''),
  Message_CustomFields: inner(''),
  Message_CustomFields_Enabled: inner(false),
  Message_MaxAllowedSize: shown(5_000),
  Message_Read_Receipt_Enabled: fixed(false),
  Message_ShowDeletedStatus: shown(false),
  Message_ShowEditedStatus: shown(true),
  SMTP_Host: { value: '', public: false, fixed: true },
  Site_Name: shown('Conclave'),
  Site_Url: shown(''),
  Threads_enabled: shown(true),
  UI_Allow_room_names_with_special_chars: shown(false),
  UI_Use_Real_Name: shown(false),
} as const satisfies Readonly<Record<string, Setting>>

export type SettingId = keyof typeof SETTINGS
