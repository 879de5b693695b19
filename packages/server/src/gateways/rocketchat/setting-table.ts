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

export const SETTINGS = {
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
  Accounts_TwoFactorAuthentication_By_Email_Enabled: fixed(false),
  Accounts_TwoFactorAuthentication_By_TOTP_Enabled: shown(true),
  Accounts_TwoFactorAuthentication_Enabled: shown(true),
  Accounts_TwoFactorAuthentication_Enforce_Password_Fallback: shown(true),
  Accounts_TwoFactorAuthentication_RememberFor: shown(1_800),
  API_Allow_Infinite_Count: inner(true),
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
  Site_Name: shown('Conclave'),
  Threads_enabled: shown(true),
  UI_Allow_room_names_with_special_chars: shown(false),
  UI_Use_Real_Name: shown(false),
} as const satisfies Readonly<Record<string, Setting>>

export type SettingId = keyof typeof SETTINGS
