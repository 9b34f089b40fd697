/** What differs between engines when tables are made. */
export interface SchemaDialect {
  /** The type of a text column ordered by bytes: `text collate "C"` on PostgreSQL, `text` on SQLite, where bytes are the default. */
  readonly textType: string
  /** Appended to a table that is only reached through its primary key (`without rowid` on SQLite, nothing on PostgreSQL). */
  readonly clusteredTable: string
}
