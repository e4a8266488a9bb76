INSERT INTO alias (address, goto) VALUES
('jd@domain2.com','jdoe@company.com'),
('anna@domain2.com','anna@comp