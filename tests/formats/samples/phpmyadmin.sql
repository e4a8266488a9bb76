-- phpMyAdmin SQL Dump
-- version 5.2.1
SET SQL_MODE = "NO_AUTO_VALUE_ON_ZERO";
START TRANSACTION;
SET time_zone = "+00:00";

CREATE TABLE `mail_forwarding` (
  `forwarding_id` int(11) UNSIGNED NOT NULL,
  `server_id` int(11) UNSIGNED NOT NULL DEFAULT '0',
  `source` varchar(255) NOT NULL DEFAULT '',
  `destination` text DEFAULT NULL,
  `type` enum('alias','aliasdomain','forward','catchall') NOT NULL DEFAULT 'alias',
  `active` enum('n','y') NOT NULL DEFAULT 'n'
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

REPLACE INTO `mail_forwarding` (`forwarding_id`, `server_id`, `source`, `destination`, `type`, `active`) VALUES
(1, 1, 'jd@domain2.com', 'jdoe@company.com', 'alias', 'y'),
(2, 1, 'sales@domain2.com', 'anna@company.com\r\nbob@company.com', 'forward', 'y'),
(3, 1, '@domain3.com', '@company.com', 'aliasdomain', 'y'),
(4, 1, 'old@domain2.com', 'anna@company.com', 'alias', 'n');

INSERT INTO `mail_user` SET `mailuser_id` = 1, `email` = 'jdoe@company.com', `password` = CONCAT('x', 'y'), `cc` = 'jd@home.example';

ALTER TABLE `mail_forwarding`
  ADD PRIMARY KEY (`forwarding_id`);
COMMIT;
