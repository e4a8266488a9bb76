USE [hMailServer]
GO
/****** Object:  Table [dbo].[hm_aliases]    Script Date: 02.01.2024 03:04:05 ******/
SET ANSI_NULLS ON
GO
CREATE TABLE [dbo].[hm_aliases](
	[aliasid] [int] IDENTITY(1,1) NOT NULL,
	[aliasdomainid] [int] NOT NULL,
	[aliasname] [nvarchar](255) NOT NULL,
	[aliasvalue] [nvarchar](255) NOT NULL,
	[aliasactive] [tinyint] NOT NULL,
 CONSTRAINT [hm_aliases_pk] PRIMARY KEY NONCLUSTERED ([aliasid] ASC)
) ON [PRIMARY]
GO
SET IDENTITY_INSERT [dbo].[hm_aliases] ON
INSERT [dbo].[hm_aliases] ([aliasid], [aliasdomainid], [aliasname], [aliasvalue], [aliasactive]) VALUES (1, 7, N'info@company.com', N'anna@company.com', 1)
INSERT [dbo].[hm_aliases] ([aliasid], [aliasdomainid], [aliasname], [aliasvalue], [aliasactive]) VALUES (2, 7, N'o''neil\x@company.com', N'jörg@company.com', 1)
GO
INSERT [dbo].[hm_aliases] VALUES (3, 7, N'old@company.com', N'anna@company.com', 0)
SET IDENTITY_INSERT [dbo].[hm_aliases] OFF
GO
INSERT [dbo].[hm_domainaliases] ([daid], [dadomainid], [daalias]) VALUES (1, 7, N'domain2.com')
INSERT [dbo].[hm_domains] ([domainid], [domainname], [domainactive]) VALUES (7, N'company.com', 1)
INSERT [dbo].[hm_accounts] ([accountid], [accountdomainid], [accountaddress], [accountpassword], [accountactive], [accountforwardaddress], [accountlastlogontime]) VALUES (1, 7, N'anna@company.com', N'x', 1, N'anna@home.example', CAST(N'2024-01-02T03:04:05.000' AS DateTime))
INSERT [dbo].[hm_distributionlistsrecipients] ([distributionlistrecipientid], [distributionlistrecipientlistid], [distributionlistrecipientaddress]) VALUES (1, 1, N'bob@company.com')
GO
