BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0003');
CREATE TABLE alert_entries (
	alert_id INTEGER NOT NULL, 
	entry_id INTEGER NOT NULL, 
	position INTEGER NOT NULL, 
	CONSTRAINT pk_alert_entries PRIMARY KEY (alert_id, entry_id), 
	CONSTRAINT fk_alert_entries_alert_id_alerts FOREIGN KEY(alert_id) REFERENCES alerts (id) ON DELETE CASCADE, 
	CONSTRAINT fk_alert_entries_entry_id_entries FOREIGN KEY(entry_id) REFERENCES entries (id) ON DELETE CASCADE
);
INSERT INTO "alert_entries" VALUES(1,15,0);
INSERT INTO "alert_entries" VALUES(2,22,0);
INSERT INTO "alert_entries" VALUES(2,23,1);
INSERT INTO "alert_entries" VALUES(2,24,2);
INSERT INTO "alert_entries" VALUES(2,26,3);
INSERT INTO "alert_entries" VALUES(3,28,0);
INSERT INTO "alert_entries" VALUES(4,29,0);
INSERT INTO "alert_entries" VALUES(5,30,0);
INSERT INTO "alert_entries" VALUES(6,31,0);
INSERT INTO "alert_entries" VALUES(7,33,0);
INSERT INTO "alert_entries" VALUES(7,34,1);
INSERT INTO "alert_entries" VALUES(7,35,2);
INSERT INTO "alert_entries" VALUES(7,36,3);
INSERT INTO "alert_entries" VALUES(7,37,4);
INSERT INTO "alert_entries" VALUES(9,51,0);
INSERT INTO "alert_entries" VALUES(10,52,0);
INSERT INTO "alert_entries" VALUES(11,53,0);
INSERT INTO "alert_entries" VALUES(12,60,0);
INSERT INTO "alert_entries" VALUES(13,62,0);
CREATE TABLE alert_topics (
	alert_id INTEGER NOT NULL, 
	topic_id INTEGER NOT NULL, 
	position INTEGER NOT NULL, 
	CONSTRAINT pk_alert_topics PRIMARY KEY (alert_id, topic_id), 
	CONSTRAINT fk_alert_topics_alert_id_alerts FOREIGN KEY(alert_id) REFERENCES alerts (id) ON DELETE CASCADE, 
	CONSTRAINT fk_alert_topics_topic_id_topics FOREIGN KEY(topic_id) REFERENCES topics (id) ON DELETE CASCADE
);
INSERT INTO "alert_topics" VALUES(1,2,0);
INSERT INTO "alert_topics" VALUES(2,1,0);
INSERT INTO "alert_topics" VALUES(2,5,1);
INSERT INTO "alert_topics" VALUES(2,2,2);
INSERT INTO "alert_topics" VALUES(3,1,0);
INSERT INTO "alert_topics" VALUES(4,1,0);
INSERT INTO "alert_topics" VALUES(5,1,0);
INSERT INTO "alert_topics" VALUES(6,2,0);
INSERT INTO "alert_topics" VALUES(6,5,1);
INSERT INTO "alert_topics" VALUES(7,4,0);
INSERT INTO "alert_topics" VALUES(9,1,0);
INSERT INTO "alert_topics" VALUES(10,1,0);
INSERT INTO "alert_topics" VALUES(10,4,1);
INSERT INTO "alert_topics" VALUES(11,4,0);
INSERT INTO "alert_topics" VALUES(12,4,0);
INSERT INTO "alert_topics" VALUES(13,1,0);
CREATE TABLE alerts (
	id INTEGER NOT NULL, 
	kind TEXT NOT NULL, 
	story_id INTEGER, 
	headline TEXT NOT NULL, 
	created_at DATETIME NOT NULL, 
	CONSTRAINT pk_alerts PRIMARY KEY (id), 
	CONSTRAINT fk_alerts_story_id_stories FOREIGN KEY(story_id) REFERENCES stories (id) ON DELETE SET NULL
);
INSERT INTO "alerts" VALUES(1,'story',2,'Inquiry into the dam hears its first witness','2026-11-29 14:38:12.298971');
INSERT INTO "alerts" VALUES(2,'burst',3,'4 · The Velmora Courier','2026-11-29 14:38:16.078427');
INSERT INTO "alerts" VALUES(3,'story',7,'Мэр Вельморы: выборы пройдут весной','2026-11-29 14:38:19.916563');
INSERT INTO "alerts" VALUES(4,'story',8,'Әкім сайлауы көктемде өтеді','2026-11-29 14:38:21.273129');
INSERT INTO "alerts" VALUES(5,'story',9,'La elección del alcalde será en mayo','2026-11-29 14:38:22.532869');
INSERT INTO "alerts" VALUES(6,'story',10,'The winter market opens','2026-11-29 14:38:24.174541');
INSERT INTO "alerts" VALUES(7,'burst',11,'5 · The Velmora Courier','2026-11-29 14:38:27.221415');
INSERT INTO "alerts" VALUES(8,'test',NULL,'Test message from reformwatch','2026-11-29 14:38:34.668482');
INSERT INTO "alerts" VALUES(9,'story',16,'Mayor elected in the upper town','2026-11-29 14:38:58.177613');
INSERT INTO "alerts" VALUES(10,'story',17,'Bridge at the weir opens to carts','2026-11-29 14:38:58.177613');
INSERT INTO "alerts" VALUES(11,'story',18,'Bridge for the goats is planned','2026-11-29 14:39:01.805584');
INSERT INTO "alerts" VALUES(12,'story',19,'A bridge of ropes is opened','2026-11-29 14:39:10.900757');
INSERT INTO "alerts" VALUES(13,'story',20,'Mayor elected by lot','2026-11-29 14:39:13.524801');
CREATE TABLE attempts (
	id INTEGER NOT NULL, 
	delivery_id INTEGER NOT NULL, 
	at DATETIME NOT NULL, 
	outcome TEXT NOT NULL, 
	detail TEXT NOT NULL, 
	CONSTRAINT pk_attempts PRIMARY KEY (id), 
	CONSTRAINT fk_attempts_delivery_id_deliveries FOREIGN KEY(delivery_id) REFERENCES deliveries (id) ON DELETE CASCADE
);
INSERT INTO "attempts" VALUES(1,1,'2026-11-29 14:38:28.533197','sent','250 ok');
INSERT INTO "attempts" VALUES(2,2,'2026-11-29 14:38:28.533197','sent','250 ok');
INSERT INTO "attempts" VALUES(3,5,'2026-11-29 14:38:28.533197','sent','250 ok');
INSERT INTO "attempts" VALUES(4,3,'2026-11-29 14:38:28.533197','sent','250 ok');
INSERT INTO "attempts" VALUES(5,9,'2026-11-29 14:38:28.533197','sent','250 ok');
INSERT INTO "attempts" VALUES(6,14,'2026-11-29 14:38:28.533197','sent','');
INSERT INTO "attempts" VALUES(7,4,'2026-11-29 14:38:28.533197','dead','the mail server answered 554 5.7.0 message content rejected');
INSERT INTO "attempts" VALUES(8,11,'2026-11-29 14:38:28.533197','sent','250 ok');
INSERT INTO "attempts" VALUES(9,13,'2026-11-29 14:38:28.533197','sent','250 ok');
INSERT INTO "attempts" VALUES(10,12,'2026-11-29 14:38:28.533197','dead','the mail server answered 550 5.1.1 no such user here');
INSERT INTO "attempts" VALUES(11,15,'2026-11-29 14:38:28.533197','sent','250 ok');
INSERT INTO "attempts" VALUES(12,16,'2026-11-29 14:38:28.533197','dead','the mail server answered 554 5.7.0 message content rejected');
INSERT INTO "attempts" VALUES(13,22,'2026-11-29 14:38:28.533197','sent','250 ok');
INSERT INTO "attempts" VALUES(14,23,'2026-11-29 14:38:28.533197','dead','the mail server answered 550 5.1.1 no such user here');
INSERT INTO "attempts" VALUES(15,20,'2026-11-29 14:38:28.580887','sent','250 ok');
INSERT INTO "attempts" VALUES(16,29,'2026-11-29 14:38:28.580887','sent','250 ok');
INSERT INTO "attempts" VALUES(17,30,'2026-11-29 14:38:28.580887','dead','the mail server answered 550 5.1.1 no such user here');
INSERT INTO "attempts" VALUES(18,27,'2026-11-29 14:38:28.580887','sent','250 ok');
INSERT INTO "attempts" VALUES(19,34,'2026-11-29 14:38:28.580887','sent','250 ok');
INSERT INTO "attempts" VALUES(20,8,'2026-11-29 14:38:28.679681','sent','answered 200');
INSERT INTO "attempts" VALUES(21,17,'2026-11-29 14:38:28.679681','retry','answered 503: overloaded');
INSERT INTO "attempts" VALUES(22,19,'2026-11-29 14:38:28.706602','sent','answered 200');
INSERT INTO "attempts" VALUES(23,26,'2026-11-29 14:38:28.706602','sent','answered 200');
INSERT INTO "attempts" VALUES(24,24,'2026-11-29 14:38:28.706602','retry','answered 503: overloaded');
INSERT INTO "attempts" VALUES(25,18,'2026-11-29 14:38:28.706602','dead','answered 410: this receiver is closed');
INSERT INTO "attempts" VALUES(26,7,'2026-11-29 14:38:28.706602','dead','answered 410: this receiver is closed');
INSERT INTO "attempts" VALUES(27,31,'2026-11-29 14:38:28.706602','retry','answered 503: overloaded');
INSERT INTO "attempts" VALUES(28,6,'2026-11-29 14:38:28.706602','retry','answered 503: overloaded');
INSERT INTO "attempts" VALUES(29,42,'2026-11-29 14:38:28.735562','sent','answered 200');
INSERT INTO "attempts" VALUES(30,33,'2026-11-29 14:38:28.735562','sent','answered 200');
INSERT INTO "attempts" VALUES(31,38,'2026-11-29 14:38:28.735562','sent','250 ok');
INSERT INTO "attempts" VALUES(32,43,'2026-11-29 14:38:28.735562','sent','250 ok');
INSERT INTO "attempts" VALUES(33,41,'2026-11-29 14:38:28.735562','sent','answered 200');
INSERT INTO "attempts" VALUES(34,32,'2026-11-29 14:38:28.735562','dead','answered 410: this receiver is closed');
INSERT INTO "attempts" VALUES(35,25,'2026-11-29 14:38:28.735562','dead','answered 410: this receiver is closed');
INSERT INTO "attempts" VALUES(36,37,'2026-11-29 14:38:28.735562','dead','the mail server answered 550 5.1.1 no such user here');
INSERT INTO "attempts" VALUES(37,40,'2026-11-29 14:38:28.735562','dead','answered 410: this receiver is closed');
INSERT INTO "attempts" VALUES(38,39,'2026-11-29 14:38:28.735562','retry','answered 503: overloaded');
INSERT INTO "attempts" VALUES(39,36,'2026-11-29 14:38:28.735562','sent','250 ok');
INSERT INTO "attempts" VALUES(40,44,'2026-11-29 14:38:28.735562','sent','250 ok');
INSERT INTO "attempts" VALUES(41,35,'2026-11-29 14:38:28.861434','sent','taken by Apprise');
INSERT INTO "attempts" VALUES(42,21,'2026-11-29 14:38:28.861434','sent','taken by Apprise');
INSERT INTO "attempts" VALUES(43,10,'2026-11-29 14:38:28.864872','sent','taken by Apprise');
INSERT INTO "attempts" VALUES(44,28,'2026-11-29 14:38:28.875788','sent','taken by Apprise');
INSERT INTO "attempts" VALUES(45,6,'2026-11-29 14:38:31.349210','sent','answered 200');
INSERT INTO "attempts" VALUES(46,17,'2026-11-29 14:38:31.349210','sent','answered 200');
INSERT INTO "attempts" VALUES(47,24,'2026-11-29 14:38:31.359550','sent','answered 200');
INSERT INTO "attempts" VALUES(48,31,'2026-11-29 14:38:31.359550','sent','answered 200');
INSERT INTO "attempts" VALUES(49,39,'2026-11-29 14:38:31.359550','sent','answered 200');
INSERT INTO "attempts" VALUES(50,4,'2026-11-29 14:38:32.425028','requeued','by the operator');
INSERT INTO "attempts" VALUES(51,4,'2026-11-29 14:38:33.293237','dead','the mail server answered 554 5.7.0 message content rejected');
INSERT INTO "attempts" VALUES(52,45,'2026-11-29 14:38:34.717251','sent','');
INSERT INTO "attempts" VALUES(53,50,'2026-11-29 14:38:59.585379','sent','250 ok');
INSERT INTO "attempts" VALUES(54,48,'2026-11-29 14:38:59.609880','sent','250 ok');
INSERT INTO "attempts" VALUES(55,54,'2026-11-29 14:38:59.609880','sent','250 ok');
INSERT INTO "attempts" VALUES(56,57,'2026-11-29 14:38:59.609880','sent','250 ok');
INSERT INTO "attempts" VALUES(57,46,'2026-11-29 14:38:59.676175','retry','answered 503: overloaded');
INSERT INTO "attempts" VALUES(58,47,'2026-11-29 14:38:59.678414','sent','answered 200');
INSERT INTO "attempts" VALUES(59,52,'2026-11-29 14:38:59.678414','sent','answered 200');
INSERT INTO "attempts" VALUES(60,53,'2026-11-29 14:38:59.678414','sent','answered 200');
INSERT INTO "attempts" VALUES(61,51,'2026-11-29 14:38:59.678414','retry','answered 503: overloaded');
INSERT INTO "attempts" VALUES(62,56,'2026-11-29 14:38:59.872502','sent','taken by Apprise');
INSERT INTO "attempts" VALUES(63,49,'2026-11-29 14:38:59.875075','sent','taken by Apprise');
INSERT INTO "attempts" VALUES(64,51,'2026-11-29 14:39:00.963932','dead','answered 503: overloaded (given up after 10 attempts)');
INSERT INTO "attempts" VALUES(65,46,'2026-11-29 14:39:00.970009','dead','answered 503: overloaded (given up after 10 attempts)');
INSERT INTO "attempts" VALUES(66,58,'2026-11-29 14:39:05.948357','retry','answered 503: overloaded');
INSERT INTO "attempts" VALUES(67,60,'2026-11-29 14:39:05.962067','sent','answered 200');
INSERT INTO "attempts" VALUES(68,59,'2026-11-29 14:39:05.964247','sent','answered 200');
INSERT INTO "attempts" VALUES(69,61,'2026-11-29 14:39:05.964247','sent','250 ok');
INSERT INTO "attempts" VALUES(70,62,'2026-11-29 14:39:10.976338','retry','answered 503: overloaded');
INSERT INTO "attempts" VALUES(71,63,'2026-11-29 14:39:10.980912','sent','answered 200');
INSERT INTO "attempts" VALUES(72,65,'2026-11-29 14:39:10.980912','sent','250 ok');
INSERT INTO "attempts" VALUES(73,46,'2026-11-29 14:39:14.362268','requeued','by the operator');
CREATE TABLE daemons (
	name TEXT NOT NULL, 
	host TEXT NOT NULL, 
	pid INTEGER NOT NULL, 
	version TEXT NOT NULL, 
	started_at DATETIME NOT NULL, 
	beat_at DATETIME NOT NULL, 
	CONSTRAINT pk_daemons PRIMARY KEY (name)
);
INSERT INTO "daemons" VALUES('watch.example:4711','watch.example',4711,'0.1.0','2026-11-29 14:39:05.789248','2026-11-29 14:39:05.839183');
CREATE TABLE deliveries (
	id INTEGER NOT NULL, 
	message_id TEXT NOT NULL, 
	alert_id INTEGER NOT NULL, 
	subscriber_id INTEGER NOT NULL, 
	topic_ids JSON NOT NULL, 
	state TEXT NOT NULL, 
	attempts INTEGER NOT NULL, 
	next_attempt_at DATETIME, 
	lease_token TEXT, 
	lease_until DATETIME, 
	created_at DATETIME NOT NULL, 
	sent_at DATETIME, 
	last_error TEXT, 
	CONSTRAINT pk_deliveries PRIMARY KEY (id), 
	CONSTRAINT fk_deliveries_alert_id_alerts FOREIGN KEY(alert_id) REFERENCES alerts (id) ON DELETE CASCADE, 
	CONSTRAINT fk_deliveries_subscriber_id_subscribers FOREIGN KEY(subscriber_id) REFERENCES subscribers (id) ON DELETE CASCADE, 
	CONSTRAINT uq_deliveries_message_id UNIQUE (message_id)
);
INSERT INTO "deliveries" VALUES(1,'msg_00000000000000000000000000000001',1,6,'[2]','sent',1,NULL,NULL,NULL,'2026-11-29 14:38:12.298971','2026-11-29 14:38:28.533197',NULL);
INSERT INTO "deliveries" VALUES(2,'msg_00000000000000000000000000000002',1,3,'[2]','sent',1,NULL,NULL,NULL,'2026-11-29 14:38:12.298971','2026-11-29 14:38:28.533197',NULL);
INSERT INTO "deliveries" VALUES(3,'msg_00000000000000000000000000000003',1,7,'[2]','sent',1,NULL,NULL,NULL,'2026-11-29 14:38:12.298971','2026-11-29 14:38:28.533197',NULL);
INSERT INTO "deliveries" VALUES(4,'msg_00000000000000000000000000000004',1,5,'[2]','dead',1,NULL,NULL,NULL,'2026-11-29 14:38:12.298971',NULL,'the mail server answered 554 5.7.0 message content rejected');
INSERT INTO "deliveries" VALUES(5,'msg_00000000000000000000000000000005',1,2,'[2]','sent',1,NULL,NULL,NULL,'2026-11-29 14:38:12.298971','2026-11-29 14:38:28.533197',NULL);
INSERT INTO "deliveries" VALUES(6,'msg_00000000000000000000000000000006',2,9,'[1]','sent',2,NULL,NULL,NULL,'2026-11-29 14:38:16.078427','2026-11-29 14:38:31.349210','answered 503: overloaded');
INSERT INTO "deliveries" VALUES(7,'msg_00000000000000000000000000000007',2,10,'[1]','dead',1,NULL,NULL,NULL,'2026-11-29 14:38:16.078427',NULL,'answered 410: this receiver is closed');
INSERT INTO "deliveries" VALUES(8,'msg_00000000000000000000000000000008',2,8,'[1]','sent',1,NULL,NULL,NULL,'2026-11-29 14:38:16.078427','2026-11-29 14:38:28.679681',NULL);
INSERT INTO "deliveries" VALUES(9,'msg_00000000000000000000000000000009',2,6,'[1,2]','sent',1,NULL,NULL,NULL,'2026-11-29 14:38:16.078427','2026-11-29 14:38:28.533197',NULL);
INSERT INTO "deliveries" VALUES(10,'msg_0000000000000000000000000000000a',2,12,'[1]','sent',1,NULL,NULL,NULL,'2026-11-29 14:38:16.078427','2026-11-29 14:38:28.864872',NULL);
INSERT INTO "deliveries" VALUES(11,'msg_0000000000000000000000000000000b',2,2,'[1,5,2]','sent',1,NULL,NULL,NULL,'2026-11-29 14:38:16.078427','2026-11-29 14:38:28.533197',NULL);
INSERT INTO "deliveries" VALUES(12,'msg_0000000000000000000000000000000c',2,4,'[1]','dead',1,NULL,NULL,NULL,'2026-11-29 14:38:16.078427',NULL,'the mail server answered 550 5.1.1 no such user here');
INSERT INTO "deliveries" VALUES(13,'msg_0000000000000000000000000000000d',2,3,'[5,2]','sent',1,NULL,NULL,NULL,'2026-11-29 14:38:16.078427','2026-11-29 14:38:28.533197',NULL);
INSERT INTO "deliveries" VALUES(14,'msg_0000000000000000000000000000000e',2,1,'[5]','sent',1,NULL,NULL,NULL,'2026-11-29 14:38:16.078427','2026-11-29 14:38:28.533197',NULL);
INSERT INTO "deliveries" VALUES(15,'msg_0000000000000000000000000000000f',2,7,'[2]','sent',1,NULL,NULL,NULL,'2026-11-29 14:38:16.078427','2026-11-29 14:38:28.533197',NULL);
INSERT INTO "deliveries" VALUES(16,'msg_00000000000000000000000000000010',2,5,'[2]','dead',1,NULL,NULL,NULL,'2026-11-29 14:38:16.078427',NULL,'the mail server answered 554 5.7.0 message content rejected');
INSERT INTO "deliveries" VALUES(17,'msg_00000000000000000000000000000011',3,9,'[1]','sent',2,NULL,NULL,NULL,'2026-11-29 14:38:19.916563','2026-11-29 14:38:31.349210','answered 503: overloaded');
INSERT INTO "deliveries" VALUES(18,'msg_00000000000000000000000000000012',3,10,'[1]','dead',1,NULL,NULL,NULL,'2026-11-29 14:38:19.916563',NULL,'answered 410: this receiver is closed');
INSERT INTO "deliveries" VALUES(19,'msg_00000000000000000000000000000013',3,8,'[1]','sent',1,NULL,NULL,NULL,'2026-11-29 14:38:19.916563','2026-11-29 14:38:28.706602',NULL);
INSERT INTO "deliveries" VALUES(20,'msg_00000000000000000000000000000014',3,6,'[1]','sent',1,NULL,NULL,NULL,'2026-11-29 14:38:19.916563','2026-11-29 14:38:28.580887',NULL);
INSERT INTO "deliveries" VALUES(21,'msg_00000000000000000000000000000015',3,12,'[1]','sent',1,NULL,NULL,NULL,'2026-11-29 14:38:19.916563','2026-11-29 14:38:28.861434',NULL);
INSERT INTO "deliveries" VALUES(22,'msg_00000000000000000000000000000016',3,2,'[1]','sent',1,NULL,NULL,NULL,'2026-11-29 14:38:19.916563','2026-11-29 14:38:28.533197',NULL);
INSERT INTO "deliveries" VALUES(23,'msg_00000000000000000000000000000017',3,4,'[1]','dead',1,NULL,NULL,NULL,'2026-11-29 14:38:19.916563',NULL,'the mail server answered 550 5.1.1 no such user here');
INSERT INTO "deliveries" VALUES(24,'msg_00000000000000000000000000000018',4,9,'[1]','sent',2,NULL,NULL,NULL,'2026-11-29 14:38:21.273129','2026-11-29 14:38:31.359550','answered 503: overloaded');
INSERT INTO "deliveries" VALUES(25,'msg_00000000000000000000000000000019',4,10,'[1]','dead',1,NULL,NULL,NULL,'2026-11-29 14:38:21.273129',NULL,'answered 410: this receiver is closed');
INSERT INTO "deliveries" VALUES(26,'msg_0000000000000000000000000000001a',4,8,'[1]','sent',1,NULL,NULL,NULL,'2026-11-29 14:38:21.273129','2026-11-29 14:38:28.706602',NULL);
INSERT INTO "deliveries" VALUES(27,'msg_0000000000000000000000000000001b',4,6,'[1]','sent',1,NULL,NULL,NULL,'2026-11-29 14:38:21.273129','2026-11-29 14:38:28.580887',NULL);
INSERT INTO "deliveries" VALUES(28,'msg_0000000000000000000000000000001c',4,12,'[1]','sent',1,NULL,NULL,NULL,'2026-11-29 14:38:21.273129','2026-11-29 14:38:28.875788',NULL);
INSERT INTO "deliveries" VALUES(29,'msg_0000000000000000000000000000001d',4,2,'[1]','sent',1,NULL,NULL,NULL,'2026-11-29 14:38:21.273129','2026-11-29 14:38:28.580887',NULL);
INSERT INTO "deliveries" VALUES(30,'msg_0000000000000000000000000000001e',4,4,'[1]','dead',1,NULL,NULL,NULL,'2026-11-29 14:38:21.273129',NULL,'the mail server answered 550 5.1.1 no such user here');
INSERT INTO "deliveries" VALUES(31,'msg_0000000000000000000000000000001f',5,9,'[1]','sent',2,NULL,NULL,NULL,'2026-11-29 14:38:22.532869','2026-11-29 14:38:31.359550','answered 503: overloaded');
INSERT INTO "deliveries" VALUES(32,'msg_00000000000000000000000000000020',5,10,'[1]','dead',1,NULL,NULL,NULL,'2026-11-29 14:38:22.532869',NULL,'answered 410: this receiver is closed');
INSERT INTO "deliveries" VALUES(33,'msg_00000000000000000000000000000021',5,8,'[1]','sent',1,NULL,NULL,NULL,'2026-11-29 14:38:22.532869','2026-11-29 14:38:28.735562',NULL);
INSERT INTO "deliveries" VALUES(34,'msg_00000000000000000000000000000022',5,6,'[1]','sent',1,NULL,NULL,NULL,'2026-11-29 14:38:22.532869','2026-11-29 14:38:28.580887',NULL);
INSERT INTO "deliveries" VALUES(35,'msg_00000000000000000000000000000023',5,12,'[1]','sent',1,NULL,NULL,NULL,'2026-11-29 14:38:22.532869','2026-11-29 14:38:28.861434',NULL);
INSERT INTO "deliveries" VALUES(36,'msg_00000000000000000000000000000024',5,2,'[1]','sent',1,NULL,NULL,NULL,'2026-11-29 14:38:22.532869','2026-11-29 14:38:28.735562',NULL);
INSERT INTO "deliveries" VALUES(37,'msg_00000000000000000000000000000025',5,4,'[1]','dead',1,NULL,NULL,NULL,'2026-11-29 14:38:22.532869',NULL,'the mail server answered 550 5.1.1 no such user here');
INSERT INTO "deliveries" VALUES(38,'msg_00000000000000000000000000000026',6,3,'[2,5]','sent',1,NULL,NULL,NULL,'2026-11-29 14:38:24.174541','2026-11-29 14:38:28.735562',NULL);
INSERT INTO "deliveries" VALUES(39,'msg_00000000000000000000000000000027',7,9,'[4]','sent',2,NULL,NULL,NULL,'2026-11-29 14:38:27.221415','2026-11-29 14:38:31.359550','answered 503: overloaded');
INSERT INTO "deliveries" VALUES(40,'msg_00000000000000000000000000000028',7,10,'[4]','dead',1,NULL,NULL,NULL,'2026-11-29 14:38:27.221415',NULL,'answered 410: this receiver is closed');
INSERT INTO "deliveries" VALUES(41,'msg_00000000000000000000000000000029',7,8,'[4]','sent',1,NULL,NULL,NULL,'2026-11-29 14:38:27.221415','2026-11-29 14:38:28.735562',NULL);
INSERT INTO "deliveries" VALUES(42,'msg_0000000000000000000000000000002a',7,11,'[4]','sent',1,NULL,NULL,NULL,'2026-11-29 14:38:27.221415','2026-11-29 14:38:28.735562',NULL);
INSERT INTO "deliveries" VALUES(43,'msg_0000000000000000000000000000002b',7,7,'[4]','sent',1,NULL,NULL,NULL,'2026-11-29 14:38:27.221415','2026-11-29 14:38:28.735562',NULL);
INSERT INTO "deliveries" VALUES(44,'msg_0000000000000000000000000000002c',7,2,'[4]','sent',1,NULL,NULL,NULL,'2026-11-29 14:38:27.221415','2026-11-29 14:38:28.735562',NULL);
INSERT INTO "deliveries" VALUES(45,'msg_0000000000000000000000000000002d',8,1,'[]','sent',1,NULL,NULL,NULL,'2026-11-29 14:38:34.668482','2026-11-29 14:38:34.717251',NULL);
INSERT INTO "deliveries" VALUES(46,'msg_0000000000000000000000000000002e',9,9,'[1]','pending',0,'2026-11-29 14:39:14.362268',NULL,NULL,'2026-11-29 14:38:58.177613',NULL,'answered 503: overloaded (given up after 10 attempts)');
INSERT INTO "deliveries" VALUES(47,'msg_0000000000000000000000000000002f',9,8,'[1]','sent',1,NULL,NULL,NULL,'2026-11-29 14:38:58.177613','2026-11-29 14:38:59.678414',NULL);
INSERT INTO "deliveries" VALUES(48,'msg_00000000000000000000000000000030',9,6,'[1]','sent',1,NULL,NULL,NULL,'2026-11-29 14:38:58.177613','2026-11-29 14:38:59.609880',NULL);
INSERT INTO "deliveries" VALUES(49,'msg_00000000000000000000000000000031',9,12,'[1]','sent',1,NULL,NULL,NULL,'2026-11-29 14:38:58.177613','2026-11-29 14:38:59.875075',NULL);
INSERT INTO "deliveries" VALUES(50,'msg_00000000000000000000000000000032',9,2,'[1]','sent',1,NULL,NULL,NULL,'2026-11-29 14:38:58.177613','2026-11-29 14:38:59.585379',NULL);
INSERT INTO "deliveries" VALUES(51,'msg_00000000000000000000000000000033',10,9,'[1,4]','dead',10,NULL,NULL,NULL,'2026-11-29 14:38:58.177613',NULL,'answered 503: overloaded (given up after 10 attempts)');
INSERT INTO "deliveries" VALUES(52,'msg_00000000000000000000000000000034',10,8,'[1,4]','sent',1,NULL,NULL,NULL,'2026-11-29 14:38:58.177613','2026-11-29 14:38:59.678414',NULL);
INSERT INTO "deliveries" VALUES(53,'msg_00000000000000000000000000000035',10,11,'[4]','sent',1,NULL,NULL,NULL,'2026-11-29 14:38:58.177613','2026-11-29 14:38:59.678414',NULL);
INSERT INTO "deliveries" VALUES(54,'msg_00000000000000000000000000000036',10,6,'[1]','sent',1,NULL,NULL,NULL,'2026-11-29 14:38:58.177613','2026-11-29 14:38:59.609880',NULL);
INSERT INTO "deliveries" VALUES(55,'msg_00000000000000000000000000000037',10,7,'[4]','dead',0,NULL,NULL,NULL,'2026-11-29 14:38:58.177613',NULL,'subscriber paused: paused by the operator');
INSERT INTO "deliveries" VALUES(56,'msg_00000000000000000000000000000038',10,12,'[1]','sent',1,NULL,NULL,NULL,'2026-11-29 14:38:58.177613','2026-11-29 14:38:59.872502',NULL);
INSERT INTO "deliveries" VALUES(57,'msg_00000000000000000000000000000039',10,2,'[1,4]','sent',1,NULL,NULL,NULL,'2026-11-29 14:38:58.177613','2026-11-29 14:38:59.609880',NULL);
INSERT INTO "deliveries" VALUES(58,'msg_0000000000000000000000000000003a',11,9,'[4]','pending',1,'2026-11-29 14:39:11.036445',NULL,NULL,'2026-11-29 14:39:01.805584',NULL,'answered 503: overloaded');
INSERT INTO "deliveries" VALUES(59,'msg_0000000000000000000000000000003b',11,8,'[4]','sent',1,NULL,NULL,NULL,'2026-11-29 14:39:01.805584','2026-11-29 14:39:05.964247',NULL);
INSERT INTO "deliveries" VALUES(60,'msg_0000000000000000000000000000003c',11,11,'[4]','sent',1,NULL,NULL,NULL,'2026-11-29 14:39:01.805584','2026-11-29 14:39:05.962067',NULL);
INSERT INTO "deliveries" VALUES(61,'msg_0000000000000000000000000000003d',11,2,'[4]','sent',1,NULL,NULL,NULL,'2026-11-29 14:39:01.805584','2026-11-29 14:39:05.964247',NULL);
INSERT INTO "deliveries" VALUES(62,'msg_0000000000000000000000000000003e',12,9,'[4]','pending',1,'2026-11-29 14:39:15.994345',NULL,NULL,'2026-11-29 14:39:10.900757',NULL,'answered 503: overloaded');
INSERT INTO "deliveries" VALUES(63,'msg_0000000000000000000000000000003f',12,8,'[4]','sent',1,NULL,NULL,NULL,'2026-11-29 14:39:10.900757','2026-11-29 14:39:10.980912',NULL);
INSERT INTO "deliveries" VALUES(64,'msg_00000000000000000000000000000040',12,11,'[4]','pending',1,'2026-11-29 14:39:10.900757','daemon:00000000000000000000000000000063','2026-11-29 14:44:10.956404','2026-11-29 14:39:10.900757',NULL,NULL);
INSERT INTO "deliveries" VALUES(65,'msg_00000000000000000000000000000041',12,2,'[4]','sent',1,NULL,NULL,NULL,'2026-11-29 14:39:10.900757','2026-11-29 14:39:10.980912',NULL);
INSERT INTO "deliveries" VALUES(66,'msg_00000000000000000000000000000042',13,9,'[1]','pending',0,'2026-11-29 14:39:13.524801',NULL,NULL,'2026-11-29 14:39:13.524801',NULL,NULL);
INSERT INTO "deliveries" VALUES(67,'msg_00000000000000000000000000000043',13,8,'[1]','pending',0,'2026-11-29 14:39:13.524801',NULL,NULL,'2026-11-29 14:39:13.524801',NULL,NULL);
INSERT INTO "deliveries" VALUES(68,'msg_00000000000000000000000000000044',13,12,'[1]','pending',0,'2026-11-29 14:39:13.524801',NULL,NULL,'2026-11-29 14:39:13.524801',NULL,NULL);
INSERT INTO "deliveries" VALUES(69,'msg_00000000000000000000000000000045',13,2,'[1]','pending',0,'2026-11-29 14:39:13.524801',NULL,NULL,'2026-11-29 14:39:13.524801',NULL,NULL);
CREATE TABLE entries (
	id INTEGER NOT NULL, 
	feed_id INTEGER NOT NULL, 
	story_id INTEGER, 
	"key" TEXT NOT NULL, 
	twin_key TEXT NOT NULL, 
	guid TEXT, 
	url TEXT, 
	title TEXT NOT NULL, 
	summary TEXT NOT NULL, 
	content TEXT NOT NULL, 
	author TEXT NOT NULL, 
	tags JSON NOT NULL, 
	language TEXT, 
	published DATETIME, 
	first_seen DATETIME NOT NULL, 
	standing TEXT NOT NULL, 
	version INTEGER NOT NULL, 
	text_hash TEXT NOT NULL, 
	CONSTRAINT pk_entries PRIMARY KEY (id), 
	CONSTRAINT fk_entries_feed_id_feeds FOREIGN KEY(feed_id) REFERENCES feeds (id) ON DELETE CASCADE, 
	CONSTRAINT fk_entries_story_id_stories FOREIGN KEY(story_id) REFERENCES stories (id) ON DELETE SET NULL, 
	CONSTRAINT uq_entries_feed_id_key UNIQUE (feed_id, "key")
);
INSERT INTO "entries" VALUES(1,1,NULL,'guid:courier-3','9b6009a93b2101d3e62010eb12751ba541e3581b0f3aed8392cfacc8de434c69','courier-3','https://courier.example/3','Bridge at the mill is painted green','','','','[]','en','2026-11-17 14:37:46.000000','2026-11-29 14:37:49.964482','baseline',1,'4e30cef2b6a416842efee8387f997a7ab313385a3bc0ecfd0be9eaf593e337c5');
INSERT INTO "entries" VALUES(2,1,NULL,'guid:courier-2','720910da131ae6a7cdfbbaa2e335caf02779ff96095530d2329e3e5f4fc793aa','courier-2','https://courier.example/2','Library lends its thousandth atlas','','','','[]','en','2026-11-22 14:37:46.000000','2026-11-29 14:37:49.964482','baseline',1,'f4196e458422cedbda724725e9c525067e3e8b4e3c3d0181c3d765450bf4d801');
INSERT INTO "entries" VALUES(3,1,NULL,'guid:courier-1','1ffdce1b59e99a6af3a39bb8dd31e8a60cc3a5223d9538fb87e138385717ab17','courier-1','https://courier.example/1','Snow closes the pass for a day','','','','[]','en','2026-11-25 14:37:46.000000','2026-11-29 14:37:49.964482','baseline',1,'c98eb0b00983b772a370cf835c02bddd518244d0242bd27d8a28190fbb75159f');
INSERT INTO "entries" VALUES(4,1,NULL,'guid:courier-0','889db2f09fc7669f66e88867659c2e7938b124d154b8803976fa4cedc662f799','courier-0','https://courier.example/0','Council sits late over the budget','','','','[]','en','2026-11-27 02:37:46.000000','2026-11-29 14:37:49.964482','baseline',1,'a985875da488158800aaf4424cc48deaeb59ed8eb602132743faac3ea92f209a');
INSERT INTO "entries" VALUES(5,2,NULL,'guid:gazette-0','a5b1860afef3dc2f952b24b283851cdd477f26ec6da3ec1ca848c0da6351d022','gazette-0','https://gazette.example/0','Decrees of the week','','','','[]','en','2026-11-28 14:37:50.000000','2026-11-29 14:37:52.436250','baseline',1,'238250c847dcc2c9fe24af5057688b25830516aca5ef408c9e7a0d1e658e70c9');
INSERT INTO "entries" VALUES(6,1,1,'guid:law','eb055726ec5742656753b4c2b47ab540525eecd61928479c2af6a2ecb3a8fb14','law','https://courier.example/law','Law on electing mayors is read','The law on electing a mayor by all who live in a town was read for the first time.','','','[]','en','2026-11-29 14:37:56.000000','2026-11-29 14:37:57.851833','news',1,'1231058cff0c5c8310cb5cc2ddd1018f32f45a693aed3ff3cc191cd2bda33883');
INSERT INTO "entries" VALUES(7,3,NULL,'guid:vestnik-1','818536e8ebd571291aea722ea101900d3f8a3a4d18236f733e418457fde10a18','vestnik-1','https://vestnik.example/1','Ярмарка переносится на воскресенье','','','','[]','ru','2026-11-26 14:37:46.000000','2026-11-29 14:38:08.243287','baseline',1,'3200a2dac92109ddc96c82575846db9977b8b01ffbd9e9b20369236f073d872c');
INSERT INTO "entries" VALUES(8,3,NULL,'guid:vestnik-0','eeca02616de7da52531d23fec0115c29314c3326a49ec9e5c4137549a2eaf6e0','vestnik-0','https://vestnik.example/0','Каток на площади открыт','','','','[]','ru','2026-11-28 02:37:46.000000','2026-11-29 14:38:08.243287','baseline',1,'b989ed1e61fa847193c7e010585ef1d93543aea12b560095802ad20445bcfc01');
INSERT INTO "entries" VALUES(9,4,NULL,'guid:tan-1','ecef4c791e0613be3ed5499a47a33f672683ad7e28d50c6deba6adda495631ad','tan-1','https://tan.example/1','Ауылда той өтті','','','','[]','kk','2026-11-23 14:37:46.000000','2026-11-29 14:38:09.219210','baseline',1,'08657ebba930a4c08fc45e3c84b472ddaed10a6002db62a7f4350919edaaaf34');
INSERT INTO "entries" VALUES(10,4,NULL,'guid:tan-0','89f8f85c590b2a089b6405b5f31a75c5168189a94031e287e4571a4d66d93923','tan-0','https://tan.example/0','Кітапханаға жаңа кітаптар әкелінді','','','','[]','kk','2026-11-28 14:37:46.000000','2026-11-29 14:38:09.219210','baseline',1,'bd56bcfaaaf2898af6ce35e8f0cf9629f5a5942ef2985362acc8c4a6f59235e9');
INSERT INTO "entries" VALUES(11,5,NULL,'guid:diario-1','57e9e5131c1e34f320b04c6cbce5ad0b056196ee01d61ee2711cebad8ddc2ae7','diario-1','https://diario.example/1','Llueve sobre la sierra','','','','[]','es','2026-11-24 14:37:46.000000','2026-11-29 14:38:10.216323','baseline',1,'f6c832676d3753d3f9383cb021bea8bf46e4af825009e3ed5c9e6877bf09d71e');
INSERT INTO "entries" VALUES(12,5,NULL,'guid:diario-0','64399a512b2e4508d2be7b7c444e42c1020d388caa986a3b550870850c97614e','diario-0','https://diario.example/0','El mercado abre el domingo','','','','[]','es','2026-11-27 14:37:46.000000','2026-11-29 14:38:10.216323','baseline',1,'fb4f720ab1edc6374fc2f9f56347f5a4e05391554db1e6085a93900ee9f08160');
INSERT INTO "entries" VALUES(13,6,NULL,'guid:market-0','1e360d2137749b8d26384db22003de0c584ec3d102f5774fa88d58a2d0dbeb4a','market-0','https://market.example/0','Chestnuts are dear','','','','[]','en','2026-11-26 14:37:46.000000','2026-11-29 14:38:11.381532','baseline',1,'95728335b74b931434c7bf463c0a14db274df2127b1ecb4a087c1caf8489167c');
INSERT INTO "entries" VALUES(14,7,NULL,'guid:annals-1','cf893722c26d14ee6ff74fd94718a658e1412af180e694f1f8572dcf877a7c07','annals-1','https://annals.example/1','A chronicle of bells','','','','[]','en','2026-09-30 14:37:46.000000','2026-11-29 14:38:12.298971','baseline',1,'54cc7fed7d8c496060c0c194002ecdfc2a36cff8495bbc6c594a29ffae09e570');
INSERT INTO "entries" VALUES(15,7,2,'guid:annals-0','70978424f01ddc695d759f5fe33c8ebd9746b44460858b88fedf27009491d466','annals-0','https://annals.example/0','Inquiry into the dam hears its first witness','','','','[]','en','2026-11-20 14:37:46.000000','2026-11-29 14:38:12.298971','news',1,'4ac12560f46554d0aa42bca1c63d6aaddf3951555ec52420e352041417938c46');
INSERT INTO "entries" VALUES(16,8,NULL,'link://now.example/fog','90397cecc37ff378f53120358c5f9da461fbfab25e2079b946053ffc5e4a52bb',NULL,'https://now.example/fog','Fog','','','','[]','en','2026-11-27 14:38:12.422935','2026-11-29 14:38:13.321110','baseline',1,'e3301df1b8aa84e537694e7aea316972244522b4240afa5cf17a0741c9f0d604');
INSERT INTO "entries" VALUES(17,8,NULL,'link://now.example/ferry','5d3a1d2dd77bf74225b5dd2e93f013e18be9307576eb7cfad72322585fb7d723',NULL,'https://now.example/ferry','The ferry runs again','','','','[]','en','2026-11-28 14:38:12.422902','2026-11-29 14:38:13.321110','baseline',1,'12f20d903968caceec80c63def163884412c977ebc1eae7e6cea0bce6774e658');
INSERT INTO "entries" VALUES(18,9,NULL,'link://feeds.example/notes/0','dda3eda8f8bed7c2e97058fbf6e19651c609370cd71db91c0bd2f8eb5021bfe3',NULL,'http://feeds.example/notes/0','Corte de agua en la calle Mayor','','','','[]','es','2026-11-26 14:38:13.462742','2026-11-29 14:38:14.654622','baseline',1,'81caa639e928ab3d80b4bbdf5e8c584ccd2042681d1982edf99f0fbf2896b221');
INSERT INTO "entries" VALUES(19,1,NULL,'guid:other','d65df631348ea7d3e73a76bd71aab8dd6a0b6daa526fce262e7a73b862c561de','other','https://courier.example/other','A page of its own kind','One.','Two paragraphs.
And a third one.','A. Reporter','["town","culture"]','en',NULL,'2026-11-29 14:38:16.078427','news',1,'4851a117703116c6cba8fe1dca4fa567eb697b5e3488446ec332a20421cb2822');
INSERT INTO "entries" VALUES(20,1,NULL,'hash:923e607f7a9a901b55d163bcae8dbabfaa1975e342cec9d59f05bff150a6ba0b','',NULL,NULL,'No address, and no day','','','','[]','en',NULL,'2026-11-29 14:38:16.078427','news',1,'082cb4658235e1c95cbbef9654b086aac00c8d47c0329713d2aafaf86d1878b2');
INSERT INTO "entries" VALUES(21,1,NULL,'guid:council','29f66663d29517a75cc0a447d7dd169d6bd412edabd8108429809e0f666f3ab4','council','https://courier.example/council','Council meets to elect a mayor','','','','[]','en','2026-11-29 13:55:02.000000','2026-11-29 14:38:16.078427','news',2,'de0470f64caa327d5d01167e3477a86493204a3fa0637534a4417d628ccd3d53');
INSERT INTO "entries" VALUES(22,1,3,'link://courier.example/short','f27762070006e7cdfa91b568de5288fd79f162c7c4582764572230283323633a',NULL,'https://courier.example/short','Mayors elected','','','','[]','en','2026-11-29 14:09:26.000000','2026-11-29 14:38:16.078427','news',1,'46c73bc82dd05ba722a14c992923cd4cbd2a3d08515f30207f7e167765d57f29');
INSERT INTO "entries" VALUES(23,1,4,'guid:tram','','tram',NULL,'Tram line reaches the river at last','','','','[]','en','2026-11-29 14:09:26.000000','2026-11-29 14:38:16.078427','news',2,'408122dcaab0e72f5d02007950bac77ac61975da05c3d08e9b9ef8255d642ded');
INSERT INTO "entries" VALUES(24,1,5,'guid:rain','c7390e771852c006f482ab9b294017f5f1736153af3c795f314ad5f82c288770','rain','https://courier.example/rain','Rain over the valley','It rained for a week. The inquiry into the dam met all the same.','','','[]','en',NULL,'2026-11-29 14:38:16.078427','news',1,'472b6e3f71eedde5991e03dbbb51e99830f799d96cc2d5cad35acdeaa0b7a5ef');
INSERT INTO "entries" VALUES(25,1,NULL,'guid:old','bf925cf1631b54b92a9d840200f64b1ae21f530841b3ed914876221aa8351d24','old','https://courier.example/old','Inquiry into the dam: the first report','','','','[]','en','2026-10-20 14:38:14.000000','2026-11-29 14:38:16.078427','late',1,'3cc85dbb6f8a462fc9f4828e325689edfadf3be8e3295465899cbf41d366fc70');
INSERT INTO "entries" VALUES(26,1,6,'guid:vote','699f886c2cf1cf42a5e7d937179201f1795a4e2e60d99df94ceea7bad7734d12','vote','https://courier.example/vote','Mayor to be elected on the day of the dam inquiry','The inquiry into the dam and the vote for a mayor share one day.','','','[]','en','2026-11-29 14:23:50.000000','2026-11-29 14:38:16.078427','news',1,'36e339deb4d78786ee04dca23f537ae0ee4cf3f4436eeb05f714f81197e5208e');
INSERT INTO "entries" VALUES(27,3,6,'guid:v-1','7de869065bb56486738ef8d1999d30ed585e6be0d00523adad3d8b034a55261e','v-1','https://courier.example/vote','Выборы мэра совпали с расследованием','Мэр.','','','[]','ru','2026-11-29 14:23:52.000000','2026-11-29 14:38:17.931894','news',1,'eac9649855d98887348f81318af0842000b9463f405c828eac322fb821d16ba9');
INSERT INTO "entries" VALUES(28,3,7,'guid:v-2','2dd22d380a35a66c3bbd5262e7367907b7553fa06b30875311405d763f06592f','v-2','https://vestnik.example/2','Мэр Вельморы: выборы пройдут весной','','','','[]','ru',NULL,'2026-11-29 14:38:19.916563','news',1,'e84e8e71fa577200b1d51edce8aadcd8277f963e7435e5604e8faa862bb1fd9f');
INSERT INTO "entries" VALUES(29,4,8,'guid:t-2','afbcb39b1241f1b31660c6ab44d6a02ad2588924b99fc39a0dcb664a5f3d602f','t-2','https://tan.example/2','Әкім сайлауы көктемде өтеді','','','','[]','kk','2026-11-29 14:23:56.000000','2026-11-29 14:38:21.273129','news',1,'0f069e00326ab241347a06e0246444978f0497d463fac21e64c49795f99b5db5');
INSERT INTO "entries" VALUES(30,5,9,'guid:d-2','a711bb772cfa834836b1d73968caf26a4d14842075dd427a11c1b25ffaf35063','d-2','https://diario.example/2','La elección del alcalde será en mayo','','','','[]','es',NULL,'2026-11-29 14:38:22.532869','news',1,'2cf625243594bcd522f8a53bf640459c92c338dcc4357565117c4a24b415d898');
INSERT INTO "entries" VALUES(31,6,10,'guid:m-2','4119e6b76fc18d269382a1218836c8d2b61ab33800c6f857ac1d50e545aae114','m-2','http://feeds.example/text/market','The winter market opens','Forty stalls.','The winter market opens
The winter market on the old square of Velmora opened on Saturday with forty stalls, two choirs and a queue for chestnuts that reached as far as the post office. The council had moved it there from the river bank.
Traders said that the new place was smaller but dry, and that visitors stayed longer than in other years. The market stays open until the last Sunday of the month, and the tram runs an hour later on its account.
Asked about the inquiry into the dam, the head of the council said between two stalls that its report was being printed and that nobody in the town hall had seen it so far.','','[]','en','2026-11-29 14:23:58.000000','2026-11-29 14:38:24.174541','news',1,'eb8284ff220acb0d7a9dcc2e1c324cd8b77b8aebcd9096161933c9da46cb7eec');
INSERT INTO "entries" VALUES(32,1,NULL,'guid:other#2041faaa9fe8e937ec6030f7a51bd78e','2041faaa9fe8e937ec6030f7a51bd78ec1fa5d93955acec14b9002e1b2ee8bd9','other','https://courier.example/another','Another page, the old guid','','','','[]','en','2026-11-29 14:24:00.000000','2026-11-29 14:38:25.708704','news',1,'d463e8e35b8d8fd6b37527ecc2e88ca12ea4f5236f058988c0c1c868791cc46f');
INSERT INTO "entries" VALUES(33,1,11,'guid:b-4','5c2032fee419face0c881c8af005ffa77cb48074aff112c3c32a293b5c38302d','b-4','https://courier.example/bridge-4','Bridge at the north gate is begun','','','','[]','en','2026-11-29 14:24:01.000000','2026-11-29 14:38:27.221415','news',1,'a79206ce45286c67c8300c6d520572aab76d994fab80a73a6447e6187ce38e5a');
INSERT INTO "entries" VALUES(34,1,12,'guid:b-3','003babf3667d4edf9b542f0312c1a01addb65e9d0c64264efec26f8845170d00','b-3','https://courier.example/bridge-3','Bridge at the hospital is begun','','','','[]','en','2026-11-29 14:24:01.000000','2026-11-29 14:38:27.221415','news',1,'555191e89990b05263bc4910ecebf0624d9e098a69a0c437f3c59423cfdb4706');
INSERT INTO "entries" VALUES(35,1,13,'guid:b-2','78e50e0d9618cf6c928e1ecf2f7eb5446e6e67923def9968b349130c896e95b2','b-2','https://courier.example/bridge-2','Bridge at the lower ferry is begun','','','','[]','en','2026-11-29 14:24:01.000000','2026-11-29 14:38:27.221415','news',1,'854e65a9342241f1aff2ca307402f57ff753d8aa3c92e550d7d322d167e53672');
INSERT INTO "entries" VALUES(36,1,14,'guid:b-1','a2f02b54dd2ef65c6b0349b6f0ab0e79f4a83ad9f9f27099fdacfc1caa1885a6','b-1','https://courier.example/bridge-1','Bridge at the old market is begun','','','','[]','en','2026-11-29 14:24:01.000000','2026-11-29 14:38:27.221415','news',1,'211b2ff7294d6c323c57c85ea5f5cc4e919a384606fdf089616893dd0f53f94e');
INSERT INTO "entries" VALUES(37,1,15,'guid:b-0','fd57154235ebc45c2fc38ce5e7e8e9898bf9f37dea87fa64fd5de4bdca00f573','b-0','https://courier.example/bridge-0','Bridge at the mill is begun','','','','[]','en','2026-11-29 14:24:01.000000','2026-11-29 14:38:27.221415','news',1,'bc7099943a8d55f3dcaabf606c8a5eab647baa42db6d5ccabf90ee8047916ba7');
INSERT INTO "entries" VALUES(38,10,NULL,'guid:fail-0','eb4baa22b3fee698ace2c136c5f6a19992e38f1477ee435d029abeb36ce7cc87','fail-0','https://fail.example/0','Failing Star','','','','[]','en','2026-11-27 14:38:34.000000','2026-11-29 14:38:35.384573','baseline',1,'264c98c0c401e34063ea20a27b700484a6709141a6c43dcdd60ce2e7daed707e');
INSERT INTO "entries" VALUES(39,11,NULL,'guid:retu-0','8786da06c82d5cb4f05c824424112d0d1f170c9191e862e284babb049065fc4d','retu-0','https://retu.example/0','Returning Star','','','','[]','en','2026-11-27 14:38:34.000000','2026-11-29 14:38:36.349162','baseline',1,'760eef4217b621ed860060c1097dd7f6dbea0ac1e5cb7f3f674793536151b5cb');
INSERT INTO "entries" VALUES(40,12,NULL,'guid:gone-0','a25ca8b6030ddaf62b6e0bb537d562dba0daf12da0d9a97cd19f65e1755ce579','gone-0','https://gone.example/0','Gone Star','','','','[]','en','2026-11-27 14:38:34.000000','2026-11-29 14:38:37.192499','baseline',1,'642b03043c1f674d6fced820893b6bc1f13717b2fb52a989a9ac63815f222465');
INSERT INTO "entries" VALUES(41,13,NULL,'guid:chan-0','4e4530bca43be78047e98322d80abda27d87efbd967c8cf79900ae2f7a9f93f1','chan-0','https://chan.example/0','Changed Star','','','','[]','en','2026-11-27 14:38:34.000000','2026-11-29 14:38:38.084610','baseline',1,'07603024aae4f04c405ac0eb92aba2ddf56cd2e5faf88c04e5745c72a0cb191e');
INSERT INTO "entries" VALUES(42,14,NULL,'guid:paus-0','17945ce17782531924db15a769b22d2da6d904d3a4891426ecd392225fa12d72','paus-0','https://paus.example/0','Paused Star','','','','[]','en','2026-11-27 14:38:34.000000','2026-11-29 14:38:38.976860','baseline',1,'c028dbf7486c335edbfae1f7e6ed1dd4dba0b11d40e113744ac55eafebda7f69');
INSERT INTO "entries" VALUES(43,15,NULL,'guid:trav-0','e315b8c060cabf87f07ec1bc533b2b788fbdb07274ac63e5acdeadbf05306807','trav-0','https://trav.example/0','Travelling Star','','','','[]','en','2026-11-27 14:38:42.000000','2026-11-29 14:38:43.134481','baseline',1,'3331029c23b12ae9d65d1a89c9fa14f28eda4b22996f0c0d04c244d80fa80035');
INSERT INTO "entries" VALUES(44,16,NULL,'guid:doub-0','c1e6aaa098efbe440b8b85d97ce4da905c3eb37c422d24683e4cec30c2e4ba74','doub-0','https://doub.example/0','Doubled Star','','','','[]','en','2026-11-27 14:38:43.000000','2026-11-29 14:38:43.732562','baseline',1,'b7486d3d5deffc82e2ce9c890a58252daa2b9a6639fbb1f6a67b7939833e5334');
INSERT INTO "entries" VALUES(45,23,NULL,'guid:slow-0','0eb4a2bba8ced7205537cdda04e61316ee5e44b6eccab8d97f5b9b0cb1d9afc1','slow-0','https://slow.example/0','Ice on the canal','','','','[]','en','2026-11-27 14:37:47.000000','2026-11-29 14:38:47.429376','baseline',1,'2fe73439db06f6ab3b849c966ec83d8e7b153fd4316521036b9f280e223a17fb');
INSERT INTO "entries" VALUES(46,24,NULL,'guid:ticker-0','3104c75afe6e512cdee318cf1ac2c98f516e626db09647a5236f8557d0bb7531','ticker-0','https://ticker.example/0','Weather for today','','','','[]','en','2026-11-26 14:38:52.000000','2026-11-29 14:38:52.974120','baseline',1,'3ac6994e691a66be6f5c33e3736cd2cdf8ccb0b953e4521561d3027b12102c84');
INSERT INTO "entries" VALUES(47,25,NULL,'guid:archive-0','63eb41e0f16e956db01a29789bcbe6e8a5177ec7ad303540102ec99cab1fdc96','archive-0','https://archive.example/0','The first of its notes','','','','[]','en','2026-11-26 14:38:52.000000','2026-11-29 14:38:53.483998','baseline',1,'0b3621452873a45506f4282ec75cb05c36416abe35eea5e18ab0d8675a0d70fd');
INSERT INTO "entries" VALUES(48,24,NULL,'guid:new','24cd75a937e985e94a4c218b41bb6abaf9b40a522f174f6808126f982910190e','new','https://ticker.example/new','Weather for tomorrow','','','','[]','en','2026-11-29 14:24:29.000000','2026-11-29 14:38:54.400993','news',1,'c6eb78fdcdc049964dd8ae74119f98cf952f5ba728ebfb34b7474bd7456b7874');
INSERT INTO "entries" VALUES(49,25,NULL,'guid:between','668b7483a2a2520ea523263778109400c799200c8173ef7c58aa7615817e33fb','between','https://archive.example/between','A note between two polls','','','','[]','en','2026-11-28 14:38:53.000000','2026-11-29 14:38:55.640434','news',1,'732049496365ce846e91a80640c5b5337ebf4e4646f48979765796556178660c');
INSERT INTO "entries" VALUES(50,25,NULL,'guid:new','2bfdb61ae67e55755c631e9f6e64ef0473f94bfe672a2c05f5df753abf073bf2','new','https://archive.example/new','The newest of its notes','','','','[]','en','2026-11-29 14:24:29.000000','2026-11-29 14:38:55.640434','news',1,'d75ab6e21c21e4421d8b4db29b979158dc5f503638fb8a936555073612394379');
INSERT INTO "entries" VALUES(51,1,16,'guid:upper','e7a944b967a60057e0edf837353636a476773b3aa02ea80ebb3777b69c55cda7','upper','https://courier.example/upper','Mayor elected in the upper town','','','','[]','en','2026-11-29 14:24:32.000000','2026-11-29 14:38:58.177613','news',1,'5fe847cc691bc41d2b34711b6d715ed22c0a23defa9b2b421607dc3e1dc796fb');
INSERT INTO "entries" VALUES(52,1,17,'guid:weir','1b3a66e2a4396e15255f9244115ed6f7576984d8f6df2da28d3b6a87990be29b','weir','https://courier.example/weir','Bridge at the weir opens to carts','The bridge at the weir opens, says the mayor who is to be elected again.','','','[]','en','2026-11-29 14:24:32.000000','2026-11-29 14:38:58.177613','news',1,'5d75dd096ebe231aa4d44e09327fa1a10e80a687e17f485dd7276b1eff438f07');
INSERT INTO "entries" VALUES(53,1,18,'guid:goats','4076ab788e1dc9f29caf72a83bee922aa7a81080e90aa2d114c5509ca98653fc','goats','https://courier.example/goats','Bridge for the goats is planned','','','','[]','en',NULL,'2026-11-29 14:39:01.805584','news',1,'dd1512db3b0c320e605488357d66091d6d2c201fc4c078c10a985fff39231c2d');
INSERT INTO "entries" VALUES(54,26,NULL,'guid:pushed-0','5b7d903334660bd8b5eb9194f6f58549d0183416543eb26bbd88e59cf06f94d7','pushed-0','https://pushed.example/0','Pushed: on','','','','[]','en','2026-11-27 14:39:02.000000','2026-11-29 14:39:02.582651','baseline',1,'086f0293965cdaccf0121fa58abd5eb5fd922215213fb3e2a9b9732a3cb952b9');
INSERT INTO "entries" VALUES(55,27,NULL,'guid:denied-0','94eb95184e4ccbd527b4eebc347dd7da636b3253cbb255fef493b32634e9b133','denied-0','https://denied.example/0','Denied: on','','','','[]','en','2026-11-27 14:39:02.000000','2026-11-29 14:39:03.097211','baseline',1,'3268242c650c606fd25c8d1c31a9fc2e1cf392bc9f9640a9ed6d37677e4eda5e');
INSERT INTO "entries" VALUES(56,28,NULL,'guid:resting-0','5f0ff43be2e238252bf247026ebeeb6e886ff15da55a845ec71fd32bfe6a3040','resting-0','https://resting.example/0','Resting: on','','','','[]','en','2026-11-27 14:39:03.000000','2026-11-29 14:39:03.628167','baseline',1,'b471f6327cb8d621050242f2c5be2feb4688ef6d6bdd4546df1ed90d14ac6148');
INSERT INTO "entries" VALUES(58,30,NULL,'guid:deaf-0','b5616398ca182bab435dbb1cf04f0b21574572d616aa2fdb4e85b5916fa80851','deaf-0','https://deaf.example/0','Deaf: on','','','','[]','en','2026-11-27 14:39:04.000000','2026-11-29 14:39:04.741714','baseline',1,'cf6774c7ba1e798481f56c76e9b3e4257723c60882d8df57b993f81ca4a47725');
INSERT INTO "entries" VALUES(59,31,NULL,'guid:held-0','d1b2fc4f8a657cc08f09af284fa83e9d6d84452de7d37dd15d470469c5e114c2','held-0','https://held.example/0','Held Star','','','','[]','en','2026-11-27 14:39:04.000000','2026-11-29 14:39:05.294004','baseline',1,'34a307895f1cd0b1f0f136c6d018ea29cbc0c96e800696598e16df1edc276523');
INSERT INTO "entries" VALUES(60,26,19,'guid:ropes','85ba91b05ce42f1060857d5d739a0407a5fdd2cf1b22ad774296e72217e47e24','ropes','https://pushed.example/ropes','A bridge of ropes is opened','','','','[]','en','2026-11-29 14:24:46.000000','2026-11-29 14:39:10.900757','news',1,'069ed69dae8b3e5f00da7aae87b34398a93f9249dc875fdcc39a57c21898b766');
INSERT INTO "entries" VALUES(61,32,NULL,'guid:wanted-0','db1bb3acbb417769fbf7698a090fc1f46098480581816e5dee86f5282c1dc66e','wanted-0','https://wanted.example/0','Wanted: on','','','','[]','en','2026-11-27 14:39:11.000000','2026-11-29 14:39:12.297076','baseline',1,'a5d43a5a520c520ee32ebf637f4b8c72d9eb5c6e3c52409cc9212bcb206584bb');
INSERT INTO "entries" VALUES(62,1,20,'guid:lot','b0bce70e1b07144a2a339468314a85a5fc798ebb07a5c903f01974b161e80319','lot','https://courier.example/lot','Mayor elected by lot','','','','[]','en','2026-11-29 14:24:48.000000','2026-11-29 14:39:13.524801','news',1,'eb17cb937c093139270b6a75b29c6c0c6ae6d03f79e280a054d1c56d66c5e2fe');
CREATE TABLE entry_versions (
	entry_id INTEGER NOT NULL, 
	version INTEGER NOT NULL, 
	title TEXT NOT NULL, 
	summary TEXT NOT NULL, 
	content TEXT NOT NULL, 
	replaced_at DATETIME NOT NULL, 
	CONSTRAINT pk_entry_versions PRIMARY KEY (entry_id, version), 
	CONSTRAINT fk_entry_versions_entry_id_entries FOREIGN KEY(entry_id) REFERENCES entries (id) ON DELETE CASCADE
);
INSERT INTO "entry_versions" VALUES(21,1,'Council meets','','','2026-11-29 14:38:25.708704');
INSERT INTO "entry_versions" VALUES(23,1,'Tram line reaches the river','','','2026-11-29 14:38:25.708704');
CREATE TABLE "feeds" (
	id INTEGER NOT NULL, 
	url TEXT NOT NULL, 
	origin TEXT NOT NULL, 
	name TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	language TEXT, 
	state TEXT NOT NULL, 
	site_url TEXT, 
	pack TEXT, 
	backfill_days INTEGER, 
	added_at DATETIME NOT NULL, 
	next_poll_at DATETIME NOT NULL, 
	last_polled_at DATETIME, 
	last_ok_at DATETIME, 
	last_new_at DATETIME, 
	failing_since DATETIME, 
	failures INTEGER DEFAULT '0' NOT NULL, 
	unchanged INTEGER DEFAULT '0' NOT NULL, 
	problem TEXT, 
	etag TEXT, 
	last_modified TEXT, 
	body_hash TEXT, 
	lease_token TEXT, 
	lease_until DATETIME, 
	source_type TEXT DEFAULT 'feed' NOT NULL, 
	item_selector TEXT, 
	full_text BOOLEAN DEFAULT 0 NOT NULL, 
	interval BIGINT, 
	hints JSON, 
	max_age BIGINT, 
	usual_gap BIGINT, 
	longest_gap BIGINT, 
	listed INTEGER, 
	failure_told_at DATETIME, 
	unfinished INTEGER DEFAULT '0' NOT NULL, marks BLOB, 
	CONSTRAINT pk_feeds PRIMARY KEY (id), 
	CONSTRAINT uq_feeds_url UNIQUE (url)
);
INSERT INTO "feeds" VALUES(1,'http://feeds.example/courier.xml','feeds.example','The Velmora Courier','official','en','active','http://feeds.example/',NULL,NULL,'2026-11-29 14:37:49.964482','2026-11-30 00:28:27.580460','2026-11-29 14:39:13.524801','2026-11-29 14:39:13.524801','2026-11-29 14:39:13.524801',NULL,0,0,NULL,'"courier-1"','Tue, 01 Mar 2022 08:00:00 GMT','0ec9a53f23a78cbe31b9d7686d5c2ba47753893edf2efae6d410440ccee6a711',NULL,NULL,'feed',NULL,0,NULL,'{"ttl":2700,"update_period":null,"skip_hours":[2,3],"skip_days":[6]}',1800,854,2419172,22,NULL,0,X'305AABD58F6EEF85D8A11439D6FB21260AC2B84D3A20374FB9F3CCECF360D5D917681A1BAE9488E79FD8BEDCDEA8BC0BCDD9C5D45812BDD21C4F78BE40883F35A5002CA6C8DCFFE44D5B5ED5C71A65BCCCA43DFF5A9413FDF5BF46BAAC036EFB59B3194EB77DF43399E4A0DAACF27D1AA382EA84214EAF856C6B8BCC1654AD848D28DDAE8A1C1A576F0156053DB0F303492F668F85E10CAEE6F38CB40D6DA68A765B06569CCB2ADAED682263A072E0F9');
INSERT INTO "feeds" VALUES(2,'http://feeds.example/gazette.xml','feeds.example','Velmora Gazette','official','en','active','http://feeds.example/','velmora',NULL,'2026-11-29 14:37:50.833631','2026-11-29 15:40:48.569468','2026-11-29 14:37:52.436250','2026-11-29 14:37:52.436250','2026-11-28 14:37:50.000000',NULL,0,0,NULL,NULL,NULL,'37856f795002a09b2bdd548423e4239d314962a81542263ce4eaddaa1b022242',NULL,NULL,'feed',NULL,0,NULL,'null',NULL,NULL,NULL,1,NULL,0,X'0E735A88728671AC');
INSERT INTO "feeds" VALUES(3,'http://feeds.example/vestnik.xml','feeds.example','Вельморский вестник','agency','ru','active','http://feeds.example/',NULL,NULL,'2026-11-29 14:38:08.243287','2026-11-29 15:39:16.564886','2026-11-29 14:38:19.916563','2026-11-29 14:38:19.916563','2026-11-29 14:38:19.916563',NULL,0,0,NULL,NULL,NULL,'079e51c735c5fd199aa6096896dd275e9bbbf7cbb53b049769ced376417edae3',NULL,NULL,'feed',NULL,0,NULL,'{"ttl":null,"update_period":21600,"skip_hours":[],"skip_days":[]}',NULL,NULL,NULL,4,NULL,0,X'E2A48527F32F88E2BE19FFB8D5C8ADBBDE81883211FAF6BAA5A799009D059C49');
INSERT INTO "feeds" VALUES(4,'http://feeds.example/tan.xml','feeds.example','Велмора таңы','independent','kk','active','http://feeds.example/',NULL,NULL,'2026-11-29 14:38:09.219210','2026-11-29 15:09:48.915669','2026-11-29 14:38:21.273129','2026-11-29 14:38:21.273129','2026-11-29 14:38:21.273129',NULL,0,0,NULL,NULL,NULL,'b87c31c119e12d35d66972c28a52461eb9ee3b3c2ce743a0e7fe6b82d76aafc7',NULL,NULL,'feed',NULL,0,1800,'null',NULL,NULL,NULL,3,NULL,0,X'E0B7AC559C8B2DC85112D5DEF72657CB1548B959996BFC02');
INSERT INTO "feeds" VALUES(5,'http://feeds.example/diario.xml','feeds.example','Diario de Velmora','foreign','es','active','http://feeds.example/',NULL,NULL,'2026-11-29 14:38:10.216323','2026-11-29 15:39:55.916017','2026-11-29 14:38:22.532869','2026-11-29 14:38:22.532869','2026-11-29 14:38:22.532869',NULL,0,0,NULL,NULL,NULL,'f854ec52227ea67fe7a1ce38a11e0e0401a8e4a8ac704e22b5668270830913ca',NULL,NULL,'feed',NULL,0,NULL,'null',NULL,NULL,NULL,3,NULL,0,X'A98C7E1A37ADA4265200F493E674446B4E1427D6BBB59FAE');
INSERT INTO "feeds" VALUES(6,'http://feeds.example/market.xml','feeds.example','Market Letter','independent','en','active','http://feeds.example/',NULL,NULL,'2026-11-29 14:38:11.381532','2026-11-29 15:42:47.447114','2026-11-29 14:38:24.174541','2026-11-29 14:38:24.174541','2026-11-29 14:38:24.174541',NULL,0,0,NULL,NULL,NULL,'92485f7ad61c08a4ed6f115c5896f122829b07b624ed791b318fe706936372aa',NULL,NULL,'feed',NULL,1,NULL,'null',NULL,NULL,NULL,2,NULL,0,X'41C2703E95A53ACE01708BB4D9D1D0BA');
INSERT INTO "feeds" VALUES(7,'http://feeds.example/annals.xml','feeds.example','Annals of Velmora','independent','en','active','http://feeds.example/',NULL,30,'2026-11-29 14:38:12.298971','2026-11-29 15:41:49.953744','2026-11-29 14:38:12.298971','2026-11-29 14:38:12.298971','2026-11-20 14:37:46.000000',NULL,0,0,NULL,NULL,NULL,'6758c052b45b54ca82e7ebe7189741473246eb3b0afbd9d1267eeeee043e22db',NULL,NULL,'feed',NULL,0,NULL,'null',NULL,NULL,NULL,2,NULL,0,X'97F5638ECC77EDF1FD3DA1C1D763061D');
INSERT INTO "feeds" VALUES(8,'http://feeds.example/news-sitemap.xml','feeds.example','Velmora Now','independent','en','active','http://feeds.example/',NULL,NULL,'2026-11-29 14:38:13.321110','2026-11-29 15:44:07.663181','2026-11-29 14:38:13.321110','2026-11-29 14:38:13.321110','2026-11-28 14:38:12.422902',NULL,0,0,NULL,NULL,NULL,'1633f6de85ad9838e6077355c4ada230857d42b9bc32f9cf9780fc9c5f650040',NULL,NULL,'sitemap',NULL,0,NULL,'null',NULL,NULL,NULL,2,NULL,0,X'31363C155666F3F316807BBCE4FE24FD');
INSERT INTO "feeds" VALUES(9,'http://feeds.example/avisos','feeds.example','Avisos','independent','es','active','http://feeds.example/avisos',NULL,NULL,'2026-11-29 14:38:14.654622','2026-11-29 15:40:58.467868','2026-11-29 14:38:14.654622','2026-11-29 14:38:14.654622','2026-11-26 14:38:13.462742',NULL,0,0,NULL,NULL,NULL,'06fcf85b875d1cc46f6afbefd5236a801de7b35a0df0fb0170f80c36d50f5066',NULL,NULL,'page','li.note',0,NULL,'null',NULL,NULL,NULL,1,NULL,0,X'FD1157CDA2D27EFB');
INSERT INTO "feeds" VALUES(10,'http://feeds.example/failing.xml','feeds.example','Failing Star','independent','en','active','http://feeds.example/',NULL,NULL,'2026-11-29 14:38:35.384573','2026-11-29 16:49:47.094065','2026-11-29 14:38:41.651009','2026-11-29 14:38:35.384573','2026-11-27 14:38:34.000000','2026-11-27 14:38:40.927230',2,0,'answers 404: the feed is not there',NULL,NULL,'0fb4726bb7873537ffa2c3c2dc2a49ac65593fc7cdd95dafe449c376d80c7c36',NULL,NULL,'feed',NULL,0,NULL,'null',NULL,NULL,NULL,1,'2026-11-29 14:38:41.651009',0,X'1C62DF096AB563DC');
INSERT INTO "feeds" VALUES(11,'http://feeds.example/returning.xml','feeds.example','Returning Star','independent','en','active','http://feeds.example/',NULL,NULL,'2026-11-29 14:38:36.349162','2026-11-30 16:04:49.424607','2026-11-29 14:38:42.478274','2026-11-29 14:38:42.478274','2026-11-27 14:38:34.000000',NULL,0,1,NULL,NULL,NULL,'f37afb9dc4a0c37493675dbfcb57742e0daa702e20413f1cc5f3a33c9d1be813',NULL,NULL,'feed',NULL,0,NULL,'null',NULL,NULL,NULL,1,NULL,0,X'DED410A094E8F9E8');
INSERT INTO "feeds" VALUES(12,'http://feeds.example/gone.xml','feeds.example','Gone Star','independent','en','gone','http://feeds.example/',NULL,NULL,'2026-11-29 14:38:37.192499','2026-11-29 15:39:16.279866','2026-11-29 14:38:40.271167','2026-11-29 14:38:37.192499','2026-11-27 14:38:34.000000','2026-11-29 14:38:40.271167',1,0,'answers 410: the feed is gone for good',NULL,NULL,'f82790e93071f7a08c4ca3f2285e57e5626bed7f8c00a97f1f3da99c400fed82',NULL,NULL,'feed',NULL,0,NULL,'null',NULL,NULL,NULL,1,'2026-11-29 14:38:40.271167',0,X'CCD3A1226B1F392D');
INSERT INTO "feeds" VALUES(13,'http://feeds.example/changed.xml','feeds.example','Changed Star','independent','en','active','http://feeds.example/',NULL,NULL,'2026-11-29 14:38:38.084610','2026-11-29 15:40:34.878090','2026-11-29 14:38:40.611462','2026-11-29 14:38:38.084610','2026-11-27 14:38:34.000000','2026-11-29 14:38:40.611462',1,0,'answers with a web page, not a feed (“Soon back”)',NULL,NULL,'3f580ae4ea1cc45e58bb7d6d539722e7c8d0d4c497a1a97ceb484fe1967c600c',NULL,NULL,'feed',NULL,0,NULL,'null',NULL,NULL,NULL,1,NULL,0,X'EC0E3031831EB81D');
INSERT INTO "feeds" VALUES(14,'http://feeds.example/paused.xml','feeds.example','Paused Star','independent','en','paused','http://feeds.example/',NULL,NULL,'2026-11-29 14:38:38.976860','2026-11-29 15:40:21.599659','2026-11-29 14:38:38.976860','2026-11-29 14:38:38.976860','2026-11-27 14:38:34.000000',NULL,0,0,NULL,NULL,NULL,'3149ea98d02fd6e683c638911e5d36cd172d7812206e1ba24ab66266c984c58d',NULL,NULL,'feed',NULL,0,NULL,'null',NULL,NULL,NULL,1,NULL,0,X'3691379FCD6E4DF9');
INSERT INTO "feeds" VALUES(15,'http://feeds.example/travelled.xml','feeds.example','Travelling Star','independent','en','active','http://feeds.example/',NULL,NULL,'2026-11-29 14:38:43.134481','2026-11-29 15:44:21.040531','2026-11-29 14:38:44.494005','2026-11-29 14:38:44.494005','2026-11-27 14:38:42.000000',NULL,0,1,NULL,NULL,NULL,'a0a0a4e140ec739d8b5caea1992f6b0b70aa22ac567a9ab157ba7824a0bbb59a',NULL,NULL,'feed',NULL,0,NULL,'null',NULL,NULL,NULL,1,NULL,0,X'615512E53774BA0E');
INSERT INTO "feeds" VALUES(16,'http://old.example/doubled.xml','old.example','Doubled Star','independent','en','gone','http://old.example/',NULL,NULL,'2026-11-29 14:38:43.732562','2026-11-29 15:41:20.156209','2026-11-29 14:38:44.311006','2026-11-29 14:38:44.311006','2026-11-27 14:38:43.000000','2026-11-29 14:38:44.311448',0,1,'has moved for good to http://feeds.example/courier.xml, which is feed 1',NULL,NULL,'da08bd3bfe421c5d9c9d8427bf2da5005ee4d27f67d979933efcbb95fd6f1521',NULL,NULL,'feed',NULL,0,NULL,'null',NULL,NULL,NULL,1,NULL,0,X'54F2D78061CE873E');
INSERT INTO "feeds" VALUES(17,'http://dead-0.example/0.xml','dead-0.example','Unreachable 0','independent',NULL,'active',NULL,NULL,NULL,'2026-11-29 14:38:44.922991','2026-11-29 15:41:32.320469','2026-11-29 14:38:51.529221',NULL,NULL,'2026-11-29 14:38:51.529221',1,0,'no connection to dead-0.example ([Errno 111] Connection refused)',NULL,NULL,NULL,NULL,NULL,'feed',NULL,0,NULL,'null',NULL,NULL,NULL,NULL,NULL,0,NULL);
INSERT INTO "feeds" VALUES(23,'http://feeds.example/slow.xml','feeds.example','Slow Letter','independent','en','active','http://slow.example/',NULL,NULL,'2026-11-29 14:38:44.926375','2026-11-29 15:39:02.807892','2026-11-29 14:38:47.429376','2026-11-29 14:38:47.429376','2026-11-27 14:37:47.000000',NULL,0,0,NULL,NULL,NULL,'030ecd6d3873dbc405014646c65d897eadeed7aad7fed49edc9ab8d5d2eedfc8',NULL,NULL,'feed',NULL,0,NULL,'null',NULL,NULL,NULL,1,NULL,0,X'59BFF94FE48D21CE');
INSERT INTO "feeds" VALUES(24,'http://feeds.example/ticker.xml','feeds.example','Ticker','independent','en','active','http://feeds.example/',NULL,NULL,'2026-11-29 14:38:52.974120','2026-11-29 15:39:28.996138','2026-11-29 14:38:54.400993','2026-11-29 14:38:54.400993','2026-11-29 14:38:54.400993',NULL,0,0,NULL,NULL,NULL,'80ab4332ba365d04ace48314ef0aa23243faf537610f82d4028c13bb2ea67fc3',NULL,NULL,'feed',NULL,0,NULL,'null',NULL,NULL,NULL,1,NULL,0,X'6FA7C16FCA67B17E');
INSERT INTO "feeds" VALUES(25,'http://feeds.example/archive.xml','feeds.example','Archive','independent','en','active','http://feeds.example/',NULL,NULL,'2026-11-29 14:38:53.483998','2026-11-29 15:42:30.350241','2026-11-29 14:38:55.640434','2026-11-29 14:38:55.640434','2026-11-29 14:38:55.640434',NULL,0,0,NULL,NULL,NULL,'f0a1a201b03518ca09a2a202ae87691488556437cdf1bec85296bde8fd6368bd',NULL,NULL,'feed',NULL,0,NULL,'null',NULL,NULL,NULL,1,NULL,0,X'842ED35254DB38E2');
INSERT INTO "feeds" VALUES(26,'http://feeds.example/hub-pushed.xml','feeds.example','Pushed Wire','independent','en','active','http://feeds.example/',NULL,NULL,'2026-11-29 14:39:02.582651','2026-11-29 15:42:03.033782','2026-11-29 14:39:02.582651','2026-11-29 14:39:02.582651','2026-11-29 14:39:10.900757',NULL,0,0,NULL,NULL,NULL,'32bbd17be504fe00ae2ff8fa2a595f188eceaeb53d62bf195505d980bbd18d64',NULL,NULL,'feed',NULL,0,NULL,'null',NULL,NULL,NULL,1,NULL,0,X'');
INSERT INTO "feeds" VALUES(27,'http://feeds.example/hub-denied.xml','feeds.example','Denied Wire','independent','en','active','http://feeds.example/',NULL,NULL,'2026-11-29 14:39:03.097211','2026-11-29 14:39:06.056051','2026-11-29 14:39:03.097211','2026-11-29 14:39:03.097211','2026-11-27 14:39:02.000000',NULL,0,0,NULL,NULL,NULL,'be056a89ff7637d778e2028675ea3aeb2948f0f7110aba8dcaa0ab4dacde4b96',NULL,NULL,'feed',NULL,0,NULL,'null',NULL,NULL,NULL,1,NULL,0,X'E9AE1551E656CDD5');
INSERT INTO "feeds" VALUES(28,'http://feeds.example/hub-resting.xml','feeds.example','Resting Wire','independent','en','paused','http://feeds.example/',NULL,NULL,'2026-11-29 14:39:03.628167','2026-11-29 15:43:14.769498','2026-11-29 14:39:03.628167','2026-11-29 14:39:03.628167','2026-11-27 14:39:03.000000',NULL,0,0,NULL,NULL,NULL,'45d9a77934389214ae5dc7fb943e3a46a47d91848c8e90915f88aaa63189b27f',NULL,NULL,'feed',NULL,0,NULL,'null',NULL,NULL,NULL,1,NULL,0,X'F7B9187DEB41C50E');
INSERT INTO "feeds" VALUES(30,'http://feeds.example/hub-deaf.xml','feeds.example','Deaf Wire','independent','en','active','http://feeds.example/',NULL,NULL,'2026-11-29 14:39:04.741714','2026-11-29 15:42:48.475272','2026-11-29 14:39:04.741714','2026-11-29 14:39:04.741714','2026-11-27 14:39:04.000000',NULL,0,0,NULL,NULL,NULL,'fb31c79b89c9d3eb8895ee20acee18d64add57b456d267b27f33fc7ab7051b67',NULL,NULL,'feed',NULL,0,NULL,'null',NULL,NULL,NULL,1,NULL,0,X'BA8B38027D78C672');
INSERT INTO "feeds" VALUES(31,'http://feeds.example/held.xml','feeds.example','Held Star','independent','en','active','http://feeds.example/',NULL,NULL,'2026-11-29 14:39:05.294004','2026-11-29 14:24:41.340902','2026-11-29 14:39:05.294004','2026-11-29 14:39:05.294004','2026-11-27 14:39:04.000000',NULL,0,0,NULL,NULL,NULL,'14e92456a4bfd2bff06a7e2cf85eb306c14741d5a308eb1d7063601646a2c41e','daemon:00000000000000000000000000000062','2026-11-29 14:44:05.926065','feed',NULL,0,NULL,'null',NULL,NULL,NULL,1,NULL,1,X'1DC07593D1F2151A');
INSERT INTO "feeds" VALUES(32,'http://feeds.example/hub-wanted.xml','feeds.example','Wanted Wire','independent','en','active','http://feeds.example/',NULL,NULL,'2026-11-29 14:39:12.297076','2026-11-29 15:41:02.258275','2026-11-29 14:39:12.297076','2026-11-29 14:39:12.297076','2026-11-27 14:39:11.000000',NULL,0,0,NULL,NULL,NULL,'035471ba22901290aed308f15fc86fa9221c09fd36a36c2598090b3cc591f161',NULL,NULL,'feed',NULL,0,NULL,'null',NULL,NULL,NULL,1,NULL,0,X'A0096D9F38B54260');
INSERT INTO "feeds" VALUES(33,'https://unread.example/feed','unread.example','Ещё не читано','independent',NULL,'active',NULL,NULL,NULL,'2026-11-29 14:39:14.871677','2026-11-29 14:39:14.871677',NULL,NULL,NULL,NULL,0,0,NULL,NULL,NULL,NULL,NULL,NULL,'feed',NULL,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,0,NULL);
CREATE TABLE gaps (
	id INTEGER NOT NULL, 
	feed_id INTEGER NOT NULL, 
	since DATETIME NOT NULL, 
	until DATETIME NOT NULL, 
	pages INTEGER DEFAULT '0' NOT NULL, 
	found INTEGER DEFAULT '0' NOT NULL, 
	recovered_at DATETIME, 
	CONSTRAINT pk_gaps PRIMARY KEY (id), 
	CONSTRAINT fk_gaps_feed_id_feeds FOREIGN KEY(feed_id) REFERENCES feeds (id) ON DELETE CASCADE
);
INSERT INTO "gaps" VALUES(1,24,'2026-11-29 14:38:52.974120','2026-11-29 14:38:54.400993',0,0,NULL);
INSERT INTO "gaps" VALUES(2,25,'2026-11-29 14:38:53.483998','2026-11-29 14:38:55.640434',1,1,'2026-11-29 14:38:55.640434');
CREATE TABLE matches (
	entry_id INTEGER NOT NULL, 
	topic_id INTEGER NOT NULL, 
	language TEXT NOT NULL, 
	strength TEXT NOT NULL, 
	evidence JSON NOT NULL, 
	created_at DATETIME NOT NULL, 
	CONSTRAINT pk_matches PRIMARY KEY (entry_id, topic_id), 
	CONSTRAINT fk_matches_entry_id_entries FOREIGN KEY(entry_id) REFERENCES entries (id) ON DELETE CASCADE, 
	CONSTRAINT fk_matches_topic_id_topics FOREIGN KEY(topic_id) REFERENCES topics (id) ON DELETE CASCADE
);
INSERT INTO "matches" VALUES(6,1,'en','about','[{"field":"title","start":7,"end":15,"word":"electing","term":"elect*","how":"prefix"},{"field":"title","start":16,"end":22,"word":"mayors","term":"mayor","how":"inflection of mayor"},{"field":"summary","start":11,"end":19,"word":"electing","term":"elect*","how":"prefix"},{"field":"summary","start":22,"end":27,"word":"mayor","term":"mayor","how":"same form"}]','2026-11-29 14:37:57.851833');
INSERT INTO "matches" VALUES(15,2,'en','about','[{"field":"title","start":0,"end":7,"word":"Inquiry","term":"inquiry","how":"same form"},{"field":"title","start":17,"end":20,"word":"dam","term":"dam","how":"same form"}]','2026-11-29 14:38:12.298971');
INSERT INTO "matches" VALUES(22,1,'en','about','[{"field":"title","start":0,"end":6,"word":"Mayors","term":"mayor","how":"inflection of mayor"},{"field":"title","start":7,"end":14,"word":"elected","term":"elect*","how":"prefix"}]','2026-11-29 14:38:16.078427');
INSERT INTO "matches" VALUES(24,2,'en','mention','[{"field":"summary","start":26,"end":33,"word":"inquiry","term":"inquiry","how":"same form"},{"field":"summary","start":43,"end":46,"word":"dam","term":"dam","how":"same form"}]','2026-11-29 14:38:16.078427');
INSERT INTO "matches" VALUES(25,2,'en','about','[{"field":"title","start":0,"end":7,"word":"Inquiry","term":"inquiry","how":"same form"},{"field":"title","start":17,"end":20,"word":"dam","term":"dam","how":"same form"}]','2026-11-29 14:38:16.078427');
INSERT INTO "matches" VALUES(26,1,'en','about','[{"field":"title","start":0,"end":5,"word":"Mayor","term":"mayor","how":"same form"},{"field":"title","start":12,"end":19,"word":"elected","term":"elect*","how":"prefix"},{"field":"summary","start":44,"end":49,"word":"mayor","term":"mayor","how":"same form"}]','2026-11-29 14:38:16.078427');
INSERT INTO "matches" VALUES(26,2,'en','about','[{"field":"title","start":38,"end":41,"word":"dam","term":"dam","how":"same form"},{"field":"title","start":42,"end":49,"word":"inquiry","term":"inquiry","how":"same form"},{"field":"summary","start":4,"end":11,"word":"inquiry","term":"inquiry","how":"same form"},{"field":"summary","start":21,"end":24,"word":"dam","term":"dam","how":"same form"}]','2026-11-29 14:38:16.078427');
INSERT INTO "matches" VALUES(27,1,'ru','about','[{"field":"title","start":0,"end":6,"word":"Выборы","term":"выборы","how":"same form"},{"field":"title","start":7,"end":11,"word":"мэра","term":"мэр","how":"inflection of мэр"},{"field":"summary","start":0,"end":3,"word":"Мэр","term":"мэр","how":"same form"}]','2026-11-29 14:38:17.931894');
INSERT INTO "matches" VALUES(28,1,'ru','about','[{"field":"title","start":0,"end":3,"word":"Мэр","term":"мэр","how":"same form"},{"field":"title","start":14,"end":20,"word":"выборы","term":"выборы","how":"same form"}]','2026-11-29 14:38:19.916563');
INSERT INTO "matches" VALUES(29,1,'kk','about','[{"field":"title","start":0,"end":4,"word":"Әкім","term":"әкім","how":"same form"},{"field":"title","start":5,"end":12,"word":"сайлауы","term":"сайлау","how":"inflection of сайлау"}]','2026-11-29 14:38:21.273129');
INSERT INTO "matches" VALUES(30,1,'es','about','[{"field":"title","start":3,"end":11,"word":"elección","term":"elección","how":"same form"},{"field":"title","start":16,"end":23,"word":"alcalde","term":"alcalde","how":"same form"}]','2026-11-29 14:38:22.532869');
INSERT INTO "matches" VALUES(31,2,'en','mention','[{"field":"content","start":466,"end":473,"word":"inquiry","term":"inquiry","how":"same form"},{"field":"content","start":483,"end":486,"word":"dam","term":"dam","how":"same form"}]','2026-11-29 14:38:24.174541');
INSERT INTO "matches" VALUES(31,5,'en','mention','[{"field":"content","start":410,"end":414,"word":"tram","term":"tram*","how":"prefix"}]','2026-11-29 14:38:24.174541');
INSERT INTO "matches" VALUES(21,1,'en','about','[{"field":"title","start":17,"end":22,"word":"elect","term":"elect*","how":"prefix"},{"field":"title","start":25,"end":30,"word":"mayor","term":"mayor","how":"same form"}]','2026-11-29 14:38:25.708704');
INSERT INTO "matches" VALUES(23,5,'en','about','[{"field":"title","start":0,"end":4,"word":"Tram","term":"tram*","how":"prefix"}]','2026-11-29 14:38:25.708704');
INSERT INTO "matches" VALUES(33,4,'any','about','[{"field":"title","start":0,"end":6,"word":"Bridge","term":"bridge","how":"same form"}]','2026-11-29 14:38:27.221415');
INSERT INTO "matches" VALUES(34,4,'any','about','[{"field":"title","start":0,"end":6,"word":"Bridge","term":"bridge","how":"same form"}]','2026-11-29 14:38:27.221415');
INSERT INTO "matches" VALUES(35,4,'any','about','[{"field":"title","start":0,"end":6,"word":"Bridge","term":"bridge","how":"same form"}]','2026-11-29 14:38:27.221415');
INSERT INTO "matches" VALUES(36,4,'any','about','[{"field":"title","start":0,"end":6,"word":"Bridge","term":"bridge","how":"same form"}]','2026-11-29 14:38:27.221415');
INSERT INTO "matches" VALUES(37,4,'any','about','[{"field":"title","start":0,"end":6,"word":"Bridge","term":"bridge","how":"same form"}]','2026-11-29 14:38:27.221415');
INSERT INTO "matches" VALUES(51,1,'en','about','[{"field":"title","start":0,"end":5,"word":"Mayor","term":"mayor","how":"same form"},{"field":"title","start":6,"end":13,"word":"elected","term":"elect*","how":"prefix"}]','2026-11-29 14:38:58.177613');
INSERT INTO "matches" VALUES(52,1,'en','about','[{"field":"summary","start":39,"end":44,"word":"mayor","term":"mayor","how":"same form"},{"field":"summary","start":58,"end":65,"word":"elected","term":"elect*","how":"prefix"}]','2026-11-29 14:38:58.177613');
INSERT INTO "matches" VALUES(52,4,'any','about','[{"field":"title","start":0,"end":6,"word":"Bridge","term":"bridge","how":"same form"},{"field":"summary","start":4,"end":10,"word":"bridge","term":"bridge","how":"same form"}]','2026-11-29 14:38:58.177613');
INSERT INTO "matches" VALUES(53,4,'any','about','[{"field":"title","start":0,"end":6,"word":"Bridge","term":"bridge","how":"same form"}]','2026-11-29 14:39:01.805584');
INSERT INTO "matches" VALUES(60,4,'any','about','[{"field":"title","start":2,"end":8,"word":"bridge","term":"bridge","how":"same form"}]','2026-11-29 14:39:10.900757');
INSERT INTO "matches" VALUES(62,1,'en','about','[{"field":"title","start":0,"end":5,"word":"Mayor","term":"mayor","how":"same form"},{"field":"title","start":6,"end":13,"word":"elected","term":"elect*","how":"prefix"}]','2026-11-29 14:39:13.524801');
CREATE TABLE meta (
	"key" TEXT NOT NULL, 
	value TEXT NOT NULL, 
	CONSTRAINT pk_meta PRIMARY KEY ("key")
);
INSERT INTO "meta" VALUES('topics_version','8@2026-11-29T14:37:55.492916+00:00');
INSERT INTO "meta" VALUES('websub.callback','http://watch.example/websub');
INSERT INTO "meta" VALUES('websub.parting.0000000000000000000000000000000000000000000000000000000000000061','{"attempts": 1, "hub": "http://hub.example/hub", "next_act_at": "2026-11-29T14:49:10.843857+00:00", "since": "2026-11-29T14:39:10.835559+00:00", "token": "0000000000000000000000000000000000000000000000000000000000000061", "topic": "http://feeds.example/hub-resting.xml"}');
INSERT INTO "meta" VALUES('websub.parting.0000000000000000000000000000000000000000000000000000000000000060','{"attempts": 0, "hub": "http://hub.example/hub", "next_act_at": "2026-11-29T14:39:11.479703+00:00", "since": "2026-11-29T14:39:11.479703+00:00", "token": "0000000000000000000000000000000000000000000000000000000000000060", "topic": "http://feeds.example/hub-parted.xml"}');
CREATE TABLE notices (
	id INTEGER NOT NULL, 
	feed_id INTEGER, 
	at DATETIME NOT NULL, 
	kind TEXT NOT NULL, 
	text TEXT NOT NULL, 
	CONSTRAINT pk_notices PRIMARY KEY (id), 
	CONSTRAINT fk_notices_feed_id_feeds FOREIGN KEY(feed_id) REFERENCES feeds (id) ON DELETE CASCADE
);
INSERT INTO "notices" VALUES(1,12,'2026-11-29 14:38:40.271167','gone','feed Gone Star: answers 410: the feed is gone for good; it is polled no more');
INSERT INTO "notices" VALUES(2,10,'2026-11-29 14:38:41.651009','failing','feed Failing Star: fails since 27 November 2026 14:38 UTC: answers 404: the feed is not there');
INSERT INTO "notices" VALUES(3,11,'2026-11-29 14:38:41.651150','failing','feed Returning Star: fails since 27 November 2026 14:38 UTC: answers 500: a fault of the server');
INSERT INTO "notices" VALUES(4,11,'2026-11-29 14:38:42.478274','back','feed Returning Star: it can be read again, after failing since 27 November 2026 14:38 UTC');
INSERT INTO "notices" VALUES(5,16,'2026-11-29 14:38:44.311448','gone','feed 16 has moved for good to http://feeds.example/courier.xml, which is feed 1 (The Velmora Courier); it is polled no more');
INSERT INTO "notices" VALUES(6,NULL,'2026-11-29 14:38:45.437941','network','nothing can be reached: this machine''s network seems to be down');
INSERT INTO "notices" VALUES(7,NULL,'2026-11-29 14:38:47.410821','network','the network is back');
CREATE TABLE silences (
	id INTEGER NOT NULL, 
	entry_id INTEGER NOT NULL, 
	subscriber_id INTEGER, 
	reason TEXT NOT NULL, 
	created_at DATETIME NOT NULL, 
	CONSTRAINT pk_silences PRIMARY KEY (id), 
	CONSTRAINT fk_silences_entry_id_entries FOREIGN KEY(entry_id) REFERENCES entries (id) ON DELETE CASCADE, 
	CONSTRAINT fk_silences_subscriber_id_subscribers FOREIGN KEY(subscriber_id) REFERENCES subscribers (id) ON DELETE CASCADE
);
INSERT INTO "silences" VALUES(1,6,NULL,'no subscriber follows its topics','2026-11-29 14:37:57.851833');
INSERT INTO "silences" VALUES(2,24,6,'it only mentions the topic, and Leaving wants what is about it','2026-11-29 14:38:16.078427');
INSERT INTO "silences" VALUES(3,24,7,'it only mentions the topic, and On holiday wants what is about it','2026-11-29 14:38:16.078427');
INSERT INTO "silences" VALUES(4,24,5,'it only mentions the topic, and Strict wants what is about it','2026-11-29 14:38:16.078427');
INSERT INTO "silences" VALUES(5,24,2,'it only mentions the topic, and Айгерім wants what is about it','2026-11-29 14:38:16.078427');
INSERT INTO "silences" VALUES(6,25,NULL,'late: dated 20 October 2026, first seen 29 November 2026','2026-11-29 14:38:16.078427');
INSERT INTO "silences" VALUES(7,27,9,'Busy has already heard of this story','2026-11-29 14:38:17.931894');
INSERT INTO "silences" VALUES(8,27,10,'Closed has already heard of this story','2026-11-29 14:38:17.931894');
INSERT INTO "silences" VALUES(9,27,8,'Desk has already heard of this story','2026-11-29 14:38:17.931894');
INSERT INTO "silences" VALUES(10,27,6,'Leaving has already heard of this story','2026-11-29 14:38:17.931894');
INSERT INTO "silences" VALUES(11,27,12,'Pager has already heard of this story','2026-11-29 14:38:17.931894');
INSERT INTO "silences" VALUES(12,27,2,'Айгерім has already heard of this story','2026-11-29 14:38:17.931894');
INSERT INTO "silences" VALUES(13,27,4,'Пётр has already heard of this story','2026-11-29 14:38:17.931894');
INSERT INTO "silences" VALUES(14,31,6,'it only mentions the topic, and Leaving wants what is about it','2026-11-29 14:38:24.174541');
INSERT INTO "silences" VALUES(15,31,1,'it only mentions the topic, and Night desk wants what is about it','2026-11-29 14:38:24.174541');
INSERT INTO "silences" VALUES(16,31,7,'it only mentions the topic, and On holiday wants what is about it','2026-11-29 14:38:24.174541');
INSERT INTO "silences" VALUES(17,31,5,'it only mentions the topic, and Strict wants what is about it','2026-11-29 14:38:24.174541');
INSERT INTO "silences" VALUES(18,31,2,'it only mentions the topic, and Айгерім wants what is about it','2026-11-29 14:38:24.174541');
INSERT INTO "silences" VALUES(19,21,NULL,'it matched only after an edit; an edited entry alerts nobody','2026-11-29 14:38:25.708704');
INSERT INTO "silences" VALUES(20,51,10,'Closed is paused','2026-11-29 14:38:58.177613');
INSERT INTO "silences" VALUES(21,51,4,'Пётр is paused','2026-11-29 14:38:58.177613');
INSERT INTO "silences" VALUES(22,52,10,'Closed is paused','2026-11-29 14:38:58.177613');
INSERT INTO "silences" VALUES(23,52,4,'Пётр is paused','2026-11-29 14:38:58.177613');
INSERT INTO "silences" VALUES(24,53,10,'Closed is paused','2026-11-29 14:39:01.805584');
INSERT INTO "silences" VALUES(25,53,7,'On holiday is paused','2026-11-29 14:39:01.805584');
INSERT INTO "silences" VALUES(26,60,10,'Closed is paused','2026-11-29 14:39:10.900757');
INSERT INTO "silences" VALUES(27,60,7,'On holiday is paused','2026-11-29 14:39:10.900757');
INSERT INTO "silences" VALUES(28,62,10,'Closed is paused','2026-11-29 14:39:13.524801');
INSERT INTO "silences" VALUES(29,62,6,'Leaving is paused','2026-11-29 14:39:13.524801');
INSERT INTO "silences" VALUES(30,62,4,'Пётр is paused','2026-11-29 14:39:13.524801');
CREATE TABLE stories (
	id INTEGER NOT NULL, 
	headline TEXT NOT NULL, 
	created_at DATETIME NOT NULL, 
	CONSTRAINT pk_stories PRIMARY KEY (id)
);
INSERT INTO "stories" VALUES(1,'Law on electing mayors is read','2026-11-29 14:37:57.851833');
INSERT INTO "stories" VALUES(2,'Inquiry into the dam hears its first witness','2026-11-29 14:38:12.298971');
INSERT INTO "stories" VALUES(3,'Mayors elected','2026-11-29 14:38:16.078427');
INSERT INTO "stories" VALUES(4,'Tram line reaches the river','2026-11-29 14:38:16.078427');
INSERT INTO "stories" VALUES(5,'Rain over the valley','2026-11-29 14:38:16.078427');
INSERT INTO "stories" VALUES(6,'Mayor to be elected on the day of the dam inquiry','2026-11-29 14:38:16.078427');
INSERT INTO "stories" VALUES(7,'Мэр Вельморы: выборы пройдут весной','2026-11-29 14:38:19.916563');
INSERT INTO "stories" VALUES(8,'Әкім сайлауы көктемде өтеді','2026-11-29 14:38:21.273129');
INSERT INTO "stories" VALUES(9,'La elección del alcalde será en mayo','2026-11-29 14:38:22.532869');
INSERT INTO "stories" VALUES(10,'The winter market opens','2026-11-29 14:38:24.174541');
INSERT INTO "stories" VALUES(11,'Bridge at the north gate is begun','2026-11-29 14:38:27.221415');
INSERT INTO "stories" VALUES(12,'Bridge at the hospital is begun','2026-11-29 14:38:27.221415');
INSERT INTO "stories" VALUES(13,'Bridge at the lower ferry is begun','2026-11-29 14:38:27.221415');
INSERT INTO "stories" VALUES(14,'Bridge at the old market is begun','2026-11-29 14:38:27.221415');
INSERT INTO "stories" VALUES(15,'Bridge at the mill is begun','2026-11-29 14:38:27.221415');
INSERT INTO "stories" VALUES(16,'Mayor elected in the upper town','2026-11-29 14:38:58.177613');
INSERT INTO "stories" VALUES(17,'Bridge at the weir opens to carts','2026-11-29 14:38:58.177613');
INSERT INTO "stories" VALUES(18,'Bridge for the goats is planned','2026-11-29 14:39:01.805584');
INSERT INTO "stories" VALUES(19,'A bridge of ropes is opened','2026-11-29 14:39:10.900757');
INSERT INTO "stories" VALUES(20,'Mayor elected by lot','2026-11-29 14:39:13.524801');
CREATE TABLE story_keys (
	"key" TEXT NOT NULL, 
	story_id INTEGER NOT NULL, 
	seen_at DATETIME NOT NULL, 
	CONSTRAINT pk_story_keys PRIMARY KEY ("key"), 
	CONSTRAINT fk_story_keys_story_id_stories FOREIGN KEY(story_id) REFERENCES stories (id) ON DELETE CASCADE
);
INSERT INTO "story_keys" VALUES('page:b123e75f269e8a3235d5e71ebfd047f7',1,'2026-11-29 14:37:57.851833');
INSERT INTO "story_keys" VALUES('headline:d2033bf262a7c066dcd5e51b40fa0639',1,'2026-11-29 14:37:57.851833');
INSERT INTO "story_keys" VALUES('page:39579bf1332f162e10ae9fbf3c35570e',2,'2026-11-29 14:38:12.298971');
INSERT INTO "story_keys" VALUES('headline:2c7c1ff22a574e45c98370979909edff',2,'2026-11-29 14:38:12.298971');
INSERT INTO "story_keys" VALUES('page:17f9e41a9b0e841bc987922002e2613f',3,'2026-11-29 14:38:16.078427');
INSERT INTO "story_keys" VALUES('headline:6311dba1b7e660861508f411974ab351',4,'2026-11-29 14:38:16.078427');
INSERT INTO "story_keys" VALUES('page:41402fd00c73afa89c25118b4c1ed861',5,'2026-11-29 14:38:16.078427');
INSERT INTO "story_keys" VALUES('headline:42c056fd93f290e05e2d1d89970d16fc',5,'2026-11-29 14:38:16.078427');
INSERT INTO "story_keys" VALUES('page:ae30710decd2d184e03330e3db9f5408',6,'2026-11-29 14:38:16.078427');
INSERT INTO "story_keys" VALUES('headline:a3d94135da05cdeefec5e7ecefd6e913',6,'2026-11-29 14:38:16.078427');
INSERT INTO "story_keys" VALUES('headline:42fa3117256e0528e7d1a09d3e1efd80',6,'2026-11-29 14:38:17.931894');
INSERT INTO "story_keys" VALUES('page:bbafaf2e2bc2edca9d28bd230989082d',7,'2026-11-29 14:38:19.916563');
INSERT INTO "story_keys" VALUES('headline:24f19eae653d4d380a63f5a2724be139',7,'2026-11-29 14:38:19.916563');
INSERT INTO "story_keys" VALUES('page:61d0adbe97fd2710ca34b86c24ce4249',8,'2026-11-29 14:38:21.273129');
INSERT INTO "story_keys" VALUES('headline:5c72a112781babe729f7383f5f0c7b07',8,'2026-11-29 14:38:21.273129');
INSERT INTO "story_keys" VALUES('page:cfa25813dbe0d8128ce8bb5c440cb5a6',9,'2026-11-29 14:38:22.532869');
INSERT INTO "story_keys" VALUES('headline:158d1d16c3f38ae28c8311056c259393',9,'2026-11-29 14:38:22.532869');
INSERT INTO "story_keys" VALUES('page:3ce180e2fd0fe859d8f494aecb7b1b62',10,'2026-11-29 14:38:24.174541');
INSERT INTO "story_keys" VALUES('headline:7743e45064dac14894b8a249c03927ea',10,'2026-11-29 14:38:24.174541');
INSERT INTO "story_keys" VALUES('page:3b49979aec4d0a3b84dbc4f2db0b2f09',11,'2026-11-29 14:38:27.221415');
INSERT INTO "story_keys" VALUES('headline:263ec8acb01d06a51f8462dd2f1dd063',11,'2026-11-29 14:38:27.221415');
INSERT INTO "story_keys" VALUES('page:fea47ba5723a97582430184be447fb13',12,'2026-11-29 14:38:27.221415');
INSERT INTO "story_keys" VALUES('headline:c5498b126ab2a28b863d731d99da13f0',12,'2026-11-29 14:38:27.221415');
INSERT INTO "story_keys" VALUES('page:442be3d35f1a0863b1d2d47627919860',13,'2026-11-29 14:38:27.221415');
INSERT INTO "story_keys" VALUES('headline:a0af84be28016e0e8be59714833762b4',13,'2026-11-29 14:38:27.221415');
INSERT INTO "story_keys" VALUES('page:d94bd7f2abfb03aef659b993d2061917',14,'2026-11-29 14:38:27.221415');
INSERT INTO "story_keys" VALUES('headline:a328103f75f09433a737a94b1d7345e2',14,'2026-11-29 14:38:27.221415');
INSERT INTO "story_keys" VALUES('page:4adaf8e2df5548b4e1919519d95b390a',15,'2026-11-29 14:38:27.221415');
INSERT INTO "story_keys" VALUES('headline:24efebc79c07d69a725f1ae6c96fea68',15,'2026-11-29 14:38:27.221415');
INSERT INTO "story_keys" VALUES('page:a876fe8eb0852e4794ee5fecba63f4ce',16,'2026-11-29 14:38:58.177613');
INSERT INTO "story_keys" VALUES('headline:a7d9f4e7fbc5514f0bcac846462f0d29',16,'2026-11-29 14:38:58.177613');
INSERT INTO "story_keys" VALUES('page:e936663db1f4cb37496113bfed9b4d16',17,'2026-11-29 14:38:58.177613');
INSERT INTO "story_keys" VALUES('headline:e2ef3e416e181263564fecfde35e4e85',17,'2026-11-29 14:38:58.177613');
INSERT INTO "story_keys" VALUES('page:a691ff5caca8a8d330e6b4fa46ece5b9',18,'2026-11-29 14:39:01.805584');
INSERT INTO "story_keys" VALUES('headline:ecf9b7b8b13834d82b76963565f17bd3',18,'2026-11-29 14:39:01.805584');
INSERT INTO "story_keys" VALUES('page:f2e3ac2424e4f8d199689efb5fff8c96',19,'2026-11-29 14:39:10.900757');
INSERT INTO "story_keys" VALUES('headline:0dca56ee6baaefea0e7177be72d2477d',19,'2026-11-29 14:39:10.900757');
INSERT INTO "story_keys" VALUES('page:b055174f258b66de07495ee71a485c37',20,'2026-11-29 14:39:13.524801');
INSERT INTO "story_keys" VALUES('headline:fd64215fbae4a4b818d895671ffc5df9',20,'2026-11-29 14:39:13.524801');
CREATE TABLE subscribers (
	id INTEGER NOT NULL, 
	name TEXT NOT NULL, 
	channel TEXT NOT NULL, 
	address TEXT NOT NULL, 
	secret TEXT, 
	language TEXT NOT NULL, 
	timezone TEXT NOT NULL, 
	all_topics BOOLEAN NOT NULL, 
	wants_mentions BOOLEAN DEFAULT 0 NOT NULL, 
	state TEXT NOT NULL, 
	paused_because TEXT, 
	unsubscribe_token TEXT NOT NULL, 
	created_at DATETIME NOT NULL, 
	CONSTRAINT pk_subscribers PRIMARY KEY (id), 
	CONSTRAINT uq_subscribers_name UNIQUE (name), 
	CONSTRAINT uq_subscribers_unsubscribe_token UNIQUE (unsubscribe_token)
);
INSERT INTO "subscribers" VALUES(1,'Night desk','console','-',NULL,'en','UTC',0,0,'active',NULL,'00000000000000000000000000000046','2026-11-29 14:37:56.281697');
INSERT INTO "subscribers" VALUES(2,'Айгерім','email','aigerim@reader.example',NULL,'kk','Asia/Almaty',1,0,'active',NULL,'00000000000000000000000000000047','2026-11-29 14:37:58.707881');
INSERT INTO "subscribers" VALUES(3,'Lucía','email','lucia@reader.example',NULL,'es','America/Lima',0,1,'active',NULL,'00000000000000000000000000000048','2026-11-29 14:37:59.455202');
INSERT INTO "subscribers" VALUES(4,'Пётр','email','moved.away@reader.example',NULL,'ru','UTC',0,0,'paused','the mail server answered 550 5.1.1 no such user here','00000000000000000000000000000049','2026-11-29 14:38:00.201093');
INSERT INTO "subscribers" VALUES(5,'Strict','email','strict@reader.example',NULL,'en','UTC',0,0,'active',NULL,'0000000000000000000000000000004a','2026-11-29 14:38:00.806536');
INSERT INTO "subscribers" VALUES(6,'Leaving','email','leaving@reader.example',NULL,'en','UTC',0,0,'paused','unsubscribed by the reader','0000000000000000000000000000004b','2026-11-29 14:38:01.587915');
INSERT INTO "subscribers" VALUES(7,'On holiday','email','holiday@reader.example',NULL,'en','UTC',0,0,'paused','paused by the operator','0000000000000000000000000000004c','2026-11-29 14:38:02.116423');
INSERT INTO "subscribers" VALUES(8,'Desk','webhook','http://hook.example/desk','whsec_BiVgOahn2OY8GoX+TikjWIKW6UOjic6W3zdMGgw9SQU=','en','UTC',0,0,'active',NULL,'0000000000000000000000000000004d','2026-11-29 14:38:02.958341');
INSERT INTO "subscribers" VALUES(9,'Busy','webhook','http://hook.example/busy','whsec_YSZ32uoEHNbNSDcFaRScCLCYe5NiSA809Dsg5MA0alI=','en','UTC',0,0,'active',NULL,'0000000000000000000000000000004e','2026-11-29 14:38:03.836094');
INSERT INTO "subscribers" VALUES(10,'Closed','webhook','http://hook.example/closed','whsec_C+FQui3RMBWdFT03cHE4x/lpbxMN09pviOU61utaYPg=','en','UTC',0,0,'paused','answered 410: this receiver is closed','0000000000000000000000000000004f','2026-11-29 14:38:04.820682');
INSERT INTO "subscribers" VALUES(11,'Held','webhook','http://hook.example/held','whsec_se0iXTX68itf/dzm2cnRlkc1Zy1W69UeVhxCB9HuTGo=','en','UTC',0,0,'active',NULL,'00000000000000000000000000000050','2026-11-29 14:38:05.581683');
INSERT INTO "subscribers" VALUES(12,'Pager','apprise','json://hook.example/pager',NULL,'en','UTC',0,0,'active',NULL,'00000000000000000000000000000051','2026-11-29 14:38:06.996825');
CREATE TABLE subscriptions (
	subscriber_id INTEGER NOT NULL, 
	topic_id INTEGER NOT NULL, 
	CONSTRAINT pk_subscriptions PRIMARY KEY (subscriber_id, topic_id), 
	CONSTRAINT fk_subscriptions_subscriber_id_subscribers FOREIGN KEY(subscriber_id) REFERENCES subscribers (id) ON DELETE CASCADE, 
	CONSTRAINT fk_subscriptions_topic_id_topics FOREIGN KEY(topic_id) REFERENCES topics (id) ON DELETE CASCADE
);
INSERT INTO "subscriptions" VALUES(1,5);
INSERT INTO "subscriptions" VALUES(3,2);
INSERT INTO "subscriptions" VALUES(3,5);
INSERT INTO "subscriptions" VALUES(4,1);
INSERT INTO "subscriptions" VALUES(5,2);
INSERT INTO "subscriptions" VALUES(6,2);
INSERT INTO "subscriptions" VALUES(6,1);
INSERT INTO "subscriptions" VALUES(7,4);
INSERT INTO "subscriptions" VALUES(7,2);
INSERT INTO "subscriptions" VALUES(8,4);
INSERT INTO "subscriptions" VALUES(8,1);
INSERT INTO "subscriptions" VALUES(9,4);
INSERT INTO "subscriptions" VALUES(9,1);
INSERT INTO "subscriptions" VALUES(10,4);
INSERT INTO "subscriptions" VALUES(10,1);
INSERT INTO "subscriptions" VALUES(11,4);
INSERT INTO "subscriptions" VALUES(12,1);
CREATE TABLE told (
	subscriber_id INTEGER NOT NULL, 
	story_id INTEGER NOT NULL, 
	at DATETIME NOT NULL, 
	CONSTRAINT pk_told PRIMARY KEY (subscriber_id, story_id), 
	CONSTRAINT fk_told_story_id_stories FOREIGN KEY(story_id) REFERENCES stories (id) ON DELETE CASCADE, 
	CONSTRAINT fk_told_subscriber_id_subscribers FOREIGN KEY(subscriber_id) REFERENCES subscribers (id) ON DELETE CASCADE
);
INSERT INTO "told" VALUES(6,2,'2026-11-29 14:38:12.298971');
INSERT INTO "told" VALUES(3,2,'2026-11-29 14:38:12.298971');
INSERT INTO "told" VALUES(7,2,'2026-11-29 14:38:12.298971');
INSERT INTO "told" VALUES(5,2,'2026-11-29 14:38:12.298971');
INSERT INTO "told" VALUES(2,2,'2026-11-29 14:38:12.298971');
INSERT INTO "told" VALUES(9,3,'2026-11-29 14:38:16.078427');
INSERT INTO "told" VALUES(9,4,'2026-11-29 14:38:16.078427');
INSERT INTO "told" VALUES(9,5,'2026-11-29 14:38:16.078427');
INSERT INTO "told" VALUES(9,6,'2026-11-29 14:38:16.078427');
INSERT INTO "told" VALUES(10,3,'2026-11-29 14:38:16.078427');
INSERT INTO "told" VALUES(10,4,'2026-11-29 14:38:16.078427');
INSERT INTO "told" VALUES(10,5,'2026-11-29 14:38:16.078427');
INSERT INTO "told" VALUES(10,6,'2026-11-29 14:38:16.078427');
INSERT INTO "told" VALUES(8,3,'2026-11-29 14:38:16.078427');
INSERT INTO "told" VALUES(8,4,'2026-11-29 14:38:16.078427');
INSERT INTO "told" VALUES(8,5,'2026-11-29 14:38:16.078427');
INSERT INTO "told" VALUES(8,6,'2026-11-29 14:38:16.078427');
INSERT INTO "told" VALUES(6,3,'2026-11-29 14:38:16.078427');
INSERT INTO "told" VALUES(6,4,'2026-11-29 14:38:16.078427');
INSERT INTO "told" VALUES(6,5,'2026-11-29 14:38:16.078427');
INSERT INTO "told" VALUES(6,6,'2026-11-29 14:38:16.078427');
INSERT INTO "told" VALUES(12,3,'2026-11-29 14:38:16.078427');
INSERT INTO "told" VALUES(12,4,'2026-11-29 14:38:16.078427');
INSERT INTO "told" VALUES(12,5,'2026-11-29 14:38:16.078427');
INSERT INTO "told" VALUES(12,6,'2026-11-29 14:38:16.078427');
INSERT INTO "told" VALUES(2,3,'2026-11-29 14:38:16.078427');
INSERT INTO "told" VALUES(2,4,'2026-11-29 14:38:16.078427');
INSERT INTO "told" VALUES(2,5,'2026-11-29 14:38:16.078427');
INSERT INTO "told" VALUES(2,6,'2026-11-29 14:38:16.078427');
INSERT INTO "told" VALUES(4,3,'2026-11-29 14:38:16.078427');
INSERT INTO "told" VALUES(4,4,'2026-11-29 14:38:16.078427');
INSERT INTO "told" VALUES(4,5,'2026-11-29 14:38:16.078427');
INSERT INTO "told" VALUES(4,6,'2026-11-29 14:38:16.078427');
INSERT INTO "told" VALUES(3,3,'2026-11-29 14:38:16.078427');
INSERT INTO "told" VALUES(3,4,'2026-11-29 14:38:16.078427');
INSERT INTO "told" VALUES(3,5,'2026-11-29 14:38:16.078427');
INSERT INTO "told" VALUES(3,6,'2026-11-29 14:38:16.078427');
INSERT INTO "told" VALUES(1,3,'2026-11-29 14:38:16.078427');
INSERT INTO "told" VALUES(1,4,'2026-11-29 14:38:16.078427');
INSERT INTO "told" VALUES(1,5,'2026-11-29 14:38:16.078427');
INSERT INTO "told" VALUES(1,6,'2026-11-29 14:38:16.078427');
INSERT INTO "told" VALUES(7,3,'2026-11-29 14:38:16.078427');
INSERT INTO "told" VALUES(7,4,'2026-11-29 14:38:16.078427');
INSERT INTO "told" VALUES(7,5,'2026-11-29 14:38:16.078427');
INSERT INTO "told" VALUES(7,6,'2026-11-29 14:38:16.078427');
INSERT INTO "told" VALUES(5,3,'2026-11-29 14:38:16.078427');
INSERT INTO "told" VALUES(5,4,'2026-11-29 14:38:16.078427');
INSERT INTO "told" VALUES(5,5,'2026-11-29 14:38:16.078427');
INSERT INTO "told" VALUES(5,6,'2026-11-29 14:38:16.078427');
INSERT INTO "told" VALUES(9,7,'2026-11-29 14:38:19.916563');
INSERT INTO "told" VALUES(10,7,'2026-11-29 14:38:19.916563');
INSERT INTO "told" VALUES(8,7,'2026-11-29 14:38:19.916563');
INSERT INTO "told" VALUES(6,7,'2026-11-29 14:38:19.916563');
INSERT INTO "told" VALUES(12,7,'2026-11-29 14:38:19.916563');
INSERT INTO "told" VALUES(2,7,'2026-11-29 14:38:19.916563');
INSERT INTO "told" VALUES(4,7,'2026-11-29 14:38:19.916563');
INSERT INTO "told" VALUES(9,8,'2026-11-29 14:38:21.273129');
INSERT INTO "told" VALUES(10,8,'2026-11-29 14:38:21.273129');
INSERT INTO "told" VALUES(8,8,'2026-11-29 14:38:21.273129');
INSERT INTO "told" VALUES(6,8,'2026-11-29 14:38:21.273129');
INSERT INTO "told" VALUES(12,8,'2026-11-29 14:38:21.273129');
INSERT INTO "told" VALUES(2,8,'2026-11-29 14:38:21.273129');
INSERT INTO "told" VALUES(4,8,'2026-11-29 14:38:21.273129');
INSERT INTO "told" VALUES(9,9,'2026-11-29 14:38:22.532869');
INSERT INTO "told" VALUES(10,9,'2026-11-29 14:38:22.532869');
INSERT INTO "told" VALUES(8,9,'2026-11-29 14:38:22.532869');
INSERT INTO "told" VALUES(6,9,'2026-11-29 14:38:22.532869');
INSERT INTO "told" VALUES(12,9,'2026-11-29 14:38:22.532869');
INSERT INTO "told" VALUES(2,9,'2026-11-29 14:38:22.532869');
INSERT INTO "told" VALUES(4,9,'2026-11-29 14:38:22.532869');
INSERT INTO "told" VALUES(3,10,'2026-11-29 14:38:24.174541');
INSERT INTO "told" VALUES(9,11,'2026-11-29 14:38:27.221415');
INSERT INTO "told" VALUES(9,12,'2026-11-29 14:38:27.221415');
INSERT INTO "told" VALUES(9,13,'2026-11-29 14:38:27.221415');
INSERT INTO "told" VALUES(9,14,'2026-11-29 14:38:27.221415');
INSERT INTO "told" VALUES(9,15,'2026-11-29 14:38:27.221415');
INSERT INTO "told" VALUES(10,11,'2026-11-29 14:38:27.221415');
INSERT INTO "told" VALUES(10,12,'2026-11-29 14:38:27.221415');
INSERT INTO "told" VALUES(10,13,'2026-11-29 14:38:27.221415');
INSERT INTO "told" VALUES(10,14,'2026-11-29 14:38:27.221415');
INSERT INTO "told" VALUES(10,15,'2026-11-29 14:38:27.221415');
INSERT INTO "told" VALUES(8,11,'2026-11-29 14:38:27.221415');
INSERT INTO "told" VALUES(8,12,'2026-11-29 14:38:27.221415');
INSERT INTO "told" VALUES(8,13,'2026-11-29 14:38:27.221415');
INSERT INTO "told" VALUES(8,14,'2026-11-29 14:38:27.221415');
INSERT INTO "told" VALUES(8,15,'2026-11-29 14:38:27.221415');
INSERT INTO "told" VALUES(11,11,'2026-11-29 14:38:27.221415');
INSERT INTO "told" VALUES(11,12,'2026-11-29 14:38:27.221415');
INSERT INTO "told" VALUES(11,13,'2026-11-29 14:38:27.221415');
INSERT INTO "told" VALUES(11,14,'2026-11-29 14:38:27.221415');
INSERT INTO "told" VALUES(11,15,'2026-11-29 14:38:27.221415');
INSERT INTO "told" VALUES(7,11,'2026-11-29 14:38:27.221415');
INSERT INTO "told" VALUES(7,12,'2026-11-29 14:38:27.221415');
INSERT INTO "told" VALUES(7,13,'2026-11-29 14:38:27.221415');
INSERT INTO "told" VALUES(7,14,'2026-11-29 14:38:27.221415');
INSERT INTO "told" VALUES(7,15,'2026-11-29 14:38:27.221415');
INSERT INTO "told" VALUES(2,11,'2026-11-29 14:38:27.221415');
INSERT INTO "told" VALUES(2,12,'2026-11-29 14:38:27.221415');
INSERT INTO "told" VALUES(2,13,'2026-11-29 14:38:27.221415');
INSERT INTO "told" VALUES(2,14,'2026-11-29 14:38:27.221415');
INSERT INTO "told" VALUES(2,15,'2026-11-29 14:38:27.221415');
INSERT INTO "told" VALUES(9,16,'2026-11-29 14:38:58.177613');
INSERT INTO "told" VALUES(8,16,'2026-11-29 14:38:58.177613');
INSERT INTO "told" VALUES(6,16,'2026-11-29 14:38:58.177613');
INSERT INTO "told" VALUES(12,16,'2026-11-29 14:38:58.177613');
INSERT INTO "told" VALUES(2,16,'2026-11-29 14:38:58.177613');
INSERT INTO "told" VALUES(9,17,'2026-11-29 14:38:58.177613');
INSERT INTO "told" VALUES(8,17,'2026-11-29 14:38:58.177613');
INSERT INTO "told" VALUES(11,17,'2026-11-29 14:38:58.177613');
INSERT INTO "told" VALUES(6,17,'2026-11-29 14:38:58.177613');
INSERT INTO "told" VALUES(7,17,'2026-11-29 14:38:58.177613');
INSERT INTO "told" VALUES(12,17,'2026-11-29 14:38:58.177613');
INSERT INTO "told" VALUES(2,17,'2026-11-29 14:38:58.177613');
INSERT INTO "told" VALUES(9,18,'2026-11-29 14:39:01.805584');
INSERT INTO "told" VALUES(8,18,'2026-11-29 14:39:01.805584');
INSERT INTO "told" VALUES(11,18,'2026-11-29 14:39:01.805584');
INSERT INTO "told" VALUES(2,18,'2026-11-29 14:39:01.805584');
INSERT INTO "told" VALUES(9,19,'2026-11-29 14:39:10.900757');
INSERT INTO "told" VALUES(8,19,'2026-11-29 14:39:10.900757');
INSERT INTO "told" VALUES(11,19,'2026-11-29 14:39:10.900757');
INSERT INTO "told" VALUES(2,19,'2026-11-29 14:39:10.900757');
INSERT INTO "told" VALUES(9,20,'2026-11-29 14:39:13.524801');
INSERT INTO "told" VALUES(8,20,'2026-11-29 14:39:13.524801');
INSERT INTO "told" VALUES(12,20,'2026-11-29 14:39:13.524801');
INSERT INTO "told" VALUES(2,20,'2026-11-29 14:39:13.524801');
CREATE TABLE topic_queries (
	topic_id INTEGER NOT NULL, 
	language TEXT NOT NULL, 
	position INTEGER NOT NULL, 
	"query" TEXT NOT NULL, 
	CONSTRAINT pk_topic_queries PRIMARY KEY (topic_id, language), 
	CONSTRAINT fk_topic_queries_topic_id_topics FOREIGN KEY(topic_id) REFERENCES topics (id) ON DELETE CASCADE
);
INSERT INTO "topic_queries" VALUES(1,'en',0,'mayor AND elect*');
INSERT INTO "topic_queries" VALUES(1,'ru',1,'мэр AND выборы');
INSERT INTO "topic_queries" VALUES(1,'kk',2,'әкім AND сайлау');
INSERT INTO "topic_queries" VALUES(1,'es',3,'alcalde AND elección');
INSERT INTO "topic_queries" VALUES(2,'en',0,'dam AND inquiry');
INSERT INTO "topic_queries" VALUES(2,'ru',1,'плотина AND расследование');
INSERT INTO "topic_queries" VALUES(2,'kk',2,'бөгет AND тергеу');
INSERT INTO "topic_queries" VALUES(2,'es',3,'presa AND investigación');
INSERT INTO "topic_queries" VALUES(4,'any',0,'bridge OR мост OR көпір OR puente');
INSERT INTO "topic_queries" VALUES(5,'en',0,'tram*');
INSERT INTO "topic_queries" VALUES(5,'es',1,'tranvía');
INSERT INTO "topic_queries" VALUES(6,'en',0,'harbour');
INSERT INTO "topic_queries" VALUES(3,'en',0,'address AND province');
CREATE TABLE topics (
	id INTEGER NOT NULL, 
	slug TEXT NOT NULL, 
	name TEXT NOT NULL, 
	names JSON NOT NULL, 
	kind TEXT NOT NULL, 
	description TEXT NOT NULL, 
	state TEXT NOT NULL, 
	pack TEXT, 
	pack_hash TEXT, 
	created_at DATETIME NOT NULL, 
	updated_at DATETIME NOT NULL, 
	CONSTRAINT pk_topics PRIMARY KEY (id), 
	CONSTRAINT uq_topics_slug UNIQUE (slug)
);
INSERT INTO "topics" VALUES(1,'mayors','Elections of mayors','{"ru":"Выборы мэров","kk":"Әкімдер сайлауы","es":"Elección de alcaldes"}','law','A law, a date, a vote.','active','velmora','69b32d83d2880806e3f82e49b8ee15d235bebebccb45ae7b93d348881238aff1','2026-11-29 14:37:50.833631','2026-11-29 14:37:50.833631');
INSERT INTO "topics" VALUES(2,'dam','Inquiry into the dam','{"ru":"Расследование о плотине"}','investigation','What the inquiry finds, and who is charged.','active','velmora','74ed00ad96db75edc4eb89defd846fa58823dca0bbf4bc769cdcc4023765a479','2026-11-29 14:37:50.833631','2026-11-29 14:37:50.833631');
INSERT INTO "topics" VALUES(3,'address','Address to the province','{}','address','Speeches, and what was done about them.','active','velmora','495dc209f32c8041f5597a201143bf1fcd7f20c65d7b67d32c0f980514b4308c','2026-11-29 14:37:50.833631','2026-11-29 14:37:55.492916');
INSERT INTO "topics" VALUES(4,'bridges','Twelve new bridges','{}','programme','Each bridge that is begun or opened.','active','velmora','9aafd61cd4a25f2858a60885175b3469aa610c24306c3349c4f0c2287f6473a6','2026-11-29 14:37:50.833631','2026-11-29 14:37:50.833631');
INSERT INTO "topics" VALUES(5,'trams','Трамвай','{}','custom','Rails, lines and fares.','active',NULL,NULL,'2026-11-29 14:37:53.368393','2026-11-29 14:37:53.368393');
INSERT INTO "topics" VALUES(6,'harbour','Harbour','{}','programme','','paused',NULL,NULL,'2026-11-29 14:37:54.024563','2026-11-29 14:37:54.764904');
CREATE TABLE websub (
	feed_id INTEGER NOT NULL, 
	hub TEXT NOT NULL, 
	topic TEXT NOT NULL, 
	token TEXT NOT NULL, 
	secret TEXT NOT NULL, 
	state TEXT NOT NULL, 
	lease_until DATETIME, 
	next_act_at DATETIME, 
	attempts INTEGER DEFAULT '0' NOT NULL, 
	pushed_at DATETIME, 
	problem TEXT, 
	CONSTRAINT pk_websub PRIMARY KEY (feed_id), 
	CONSTRAINT fk_websub_feed_id_feeds FOREIGN KEY(feed_id) REFERENCES feeds (id) ON DELETE CASCADE, 
	CONSTRAINT uq_websub_token UNIQUE (token)
);
INSERT INTO "websub" VALUES(26,'http://hub.example/hub','http://feeds.example/hub-pushed.xml','0000000000000000000000000000000000000000000000000000000000000056','000000000000000000000000000000000000000000000000000000000000005b','active','2026-12-09 14:39:06.039583','2026-12-07 14:39:06.039583',0,'2026-11-29 14:39:10.951935',NULL);
INSERT INTO "websub" VALUES(27,'http://hub.example/hub','http://feeds.example/hub-denied.xml','0000000000000000000000000000000000000000000000000000000000000057','000000000000000000000000000000000000000000000000000000000000005c','refused',NULL,'2026-12-06 14:39:06.056051',0,NULL,'the hub refuses: no feeds of this kind');
INSERT INTO "websub" VALUES(28,'http://hub.example/hub','http://feeds.example/hub-resting.xml','0000000000000000000000000000000000000058','000000000000000000000000000000000000000000000000000000000000005d','off',NULL,NULL,0,NULL,NULL);
INSERT INTO "websub" VALUES(30,'http://hub.example/deaf','http://feeds.example/hub-deaf.xml','0000000000000000000000000000000000000000000000000000000000000059','000000000000000000000000000000000000000000000000000000000000005e','pending',NULL,'2026-11-29 14:40:08.671269',1,NULL,'the hub hub.example answers 503');
INSERT INTO "websub" VALUES(32,'http://hub.example/hub','http://feeds.example/hub-wanted.xml','000000000000000000000000000000000000000000000000000000000000005a','000000000000000000000000000000000000000000000000000000000000005f','wanted',NULL,'2026-11-29 14:39:12.297076',0,NULL,NULL);
CREATE INDEX ix_alerts_created_at ON alerts (created_at);
CREATE INDEX ix_alerts_story_id ON alerts (story_id);
CREATE INDEX ix_entries_feed_id_entries_twin_key ON entries (feed_id, twin_key);
CREATE INDEX ix_entries_first_seen ON entries (first_seen);
CREATE INDEX ix_entries_story_id ON entries (story_id);
CREATE INDEX ix_entries_url ON entries (url);
CREATE INDEX ix_story_keys_story_id ON story_keys (story_id);
CREATE INDEX ix_subscriptions_topic_id ON subscriptions (topic_id);
CREATE INDEX ix_told_story_id ON told (story_id);
CREATE INDEX ix_alert_entries_entry_id ON alert_entries (entry_id);
CREATE INDEX ix_alert_topics_topic_id ON alert_topics (topic_id);
CREATE INDEX ix_deliveries_alert_id ON deliveries (alert_id);
CREATE INDEX ix_deliveries_pending ON deliveries (next_attempt_at) WHERE state = 'pending';
CREATE INDEX ix_deliveries_subscriber_id ON deliveries (subscriber_id);
CREATE INDEX ix_matches_topic_id ON matches (topic_id);
CREATE INDEX ix_silences_entry_id ON silences (entry_id);
CREATE INDEX ix_silences_subscriber_id ON silences (subscriber_id);
CREATE INDEX ix_attempts_delivery_id ON attempts (delivery_id);
CREATE INDEX ix_feeds_state_feeds_next_poll_at ON feeds (state, next_poll_at);
CREATE INDEX ix_gaps_feed_id_gaps_until ON gaps (feed_id, until);
CREATE INDEX ix_notices_feed_id ON notices (feed_id);
CREATE INDEX ix_notices_at ON notices (at);
CREATE INDEX ix_websub_next_act_at ON websub (next_act_at);
COMMIT;
