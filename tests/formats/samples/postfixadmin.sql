-- MySQL dump
/*!40101 SET NAMES utf8 */;
CREATE TABLE `alias_domain` (
  `alias_domain` varchar(255) NOT NULL default '',
  `target_domain` varchar(255) NOT NULL default '',
  created datetime, modified datetime,
  active tinyint(1) NOT NULL default '1',
  PRIMARY KEY (alias_domain), KEY active (active), KEY target_domain (target_domain));
CREATE TABLE `alias` (
  `address` varchar(255) NOT NULL, `goto` text NOT NULL, `domain` varchar(255) NOT NULL,
  `created` datetime, `modified` datetime, `active` tinyint(1) NOT NULL default '1', PRIMARY KEY (`address`));
INSERT INTO alias_domain VALUES ('domain2.com','company.com','2024-01-02 03:04:05','2024-01-02 03:04:05',1);
INSERT INTO alias VALUES ('jd@company.com','jdoe@company.com','company.com',NOW(),NOW(),1);
INSERT INTO alias VALUES ('jdoe@company.com','jdoe@company.com','company.com',NOW(),NOW(),1);  -- mailbox row
INSERT INTO alias VALUES ('@company.com','catchall@company.com','company.com',NOW(),NOW(),1);
INSERT INTO alias VALUES ('sales@company.com','anna@company.com,bob@company.com','company.com',NOW(),NOW(),1);
-- Dump completed on 2024-01-02  3:04:05
